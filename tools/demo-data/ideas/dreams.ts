/** What a parent might ask for: the thing, the range of its goal, the ages it suits; then why. */
export const dreams = `
a first birthday with the whole family | 150-900 | 0-1
  Our families live in three countries, and {name} has never met most of them.
a visit to the great-grandparents | 400-2600 | 0-15
  They are ninety and far away, and {name} knows them only from a small screen.
a tree house | 300-2600 | 4-13
  {name} has drawn it forty times, always with a rope ladder and a bell.
a night at the observatory | 60-240 | 7-15
  {name} wants to see the rings of Saturn with no screen in between.
a trip to the sea | 300-1500 | 2-15
  {name} has never seen it, and keeps a shell at the ear to listen.
a ride in a hot air balloon | 200-900 | 7-15
  {name} waves at every balloon that passes over our village.
a day with the fire brigade | 60-300 | 4-12
  {name} knows every truck and every siren, and sleeps in a red helmet.
a flight over our town | 120-520 | 8-15
  {name} wants to see our house from above, as the swallows do.
a pony day with the whole class | 200-900 | 5-11
  {name} could have wished for anything and wished for something to share.
a meeting with a favourite author | 150-800 | 8-15
  {name} has read the series five times and has questions about volume three.
a playground in our street | 4500-38000 | 3-12
  {name} collected two hundred signatures, and the town gives us the ground.
a puppy | 300-1300 | 6-15
  {name} has walked the neighbours' dogs for two years and never missed a morning.
a bicycle with gears | 180-700 | 7-15
  {name} wants to reach grandpa's allotment without having to push up the hill.
a journey to the northern lights | 1800-7500 | 8-15
  {name} saw them in a book in hospital, and we promised that one day we would go.
a week at the dinosaur dig | 400-1700 | 7-15
  {name} has dug up our whole garden and is ready for a bigger one.
a real school stage | 900-6500 | 8-15
  {name} plays the moon, and at present the moon would have to stand on a table.
a bedroom under the stars | 200-1300 | 3-13
  {name} shares a room with three others and dreams of a bunk with a painted sky.
a train journey across Europe | 900-4500 | 10-15
  {name} knows the timetables by heart and has planned every change.
a space camp | 900-4200 | 9-15
  {name} has written to two astronauts, and one of them wrote back.
a day at the zoo as a keeper | 80-350 | 6-15
  {name} wants to know what the elephants have for breakfast and who washes up.
a concert from the first row | 90-420 | 9-15
  {name} knows each song by heart, including the part of the drums.
a big carnival costume | 50-240 | 2-13
  {name} will be a peacock this year, and one can't do that by halves.
a first visit to the ballet | 60-260 | 5-14
  {name} has seen it on a tiny screen, and claps every time.
a garden party with the whole ward | 400-2400 | 4-15
  {name} is home again and would like to bring cake and music to those still there.
a sledge and a winter in the mountains | 250-1600 | 3-13
  {name} has never seen more snow than fits on a windowsill.
a canoe tour with dad | 200-1100 | 7-15
  {name} has packed a bag with a torch, a map and a surprising number of biscuits.
a wishing well in the schoolyard | 350-2600 | 6-14
  {name} thinks that every school should have a place to put one's wishes.
a small film premiere | 200-1400 | 9-15
  {name} made a film with the whole class and wants a red carpet, even if it is a towel.
a pilgrimage of dragons | 120-700 | 4-11
  {name} has a map of castles where a dragon may have lived, and means to check.
a hedgehog shelter | 150-1100 | 6-14
  {name} has been nursing them in the shed, and they are getting rather many.
a trip to see the whales | 700-4200 | 6-15
  {name} falls asleep to their songs and would like to hear one answer.
a village cinema under the open sky | 1500-9500 | 9-15
  {name} wants everybody, from baby to baker, to watch a film on one big sheet.
a stay on a farm | 300-1400 | 2-12
  {name} greets every cow from the train, and would like to meet one.
a boat built with grandpa | 700-4500 | 8-15
  {name} and grandpa have the plans, the shed and the time, and all they lack is wood.
a wheelchair swing in the park | 2500-14000 | 4-14
  {name} pushes the others from a chair and has never once been on the swing.
a school in grandma's village | 12000-60000 | 9-15
  {name} saw the lessons under the mango tree, and began to save the same day.
a visit to the space centre | 1200-6500 | 8-15
  {name} counts down before every meal and every bath.
a week at the adventure camp | 300-1300 | 7-14
  After a year of clinics {name} wants to do something that needs no doctor at all.
a family house without stairs | 28000-100000 | 2-15
  {name} could reach the garden, the kitchen and all of us, at any time of the day.
a rainbow painted on our house | 250-1900 | 3-12
  {name} is sure that the whole street would be in a better mood.
`;
