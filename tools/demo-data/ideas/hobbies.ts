/** What a parent might ask for: the thing, the range of its goal, the ages it suits; then why. */
export const hobbies = `
a sandpit with a roof | 70-260 | 0-6
  {name} digs in flower pots, and the geraniums have had enough.
a toddler music group | 80-220 | 0-3
  {name} drums on pots with great conviction, and the music school has a group for the smallest.
a box of wooden blocks | 40-130 | 1-5
  {name} stacks cans, shoes and loaves of bread, and knocks them down with the same care.
a violin to keep | 200-1500 | 5-15
  The school lends its violins for one year only, and that year of {name}'s is nearly over.
guitar lessons | 250-900 | 7-15
  {name} knows four chords from a video and plays them until we all know them.
a digital piano | 400-1400 | 6-15
  {name} has practised on a paper keyboard taped to the table, with all ten fingers.
a drum kit in the cellar | 300-1200 | 7-15
  {name} has worn out two cushions and one patient grandfather.
watercolours and an easel | 40-160 | 4-15
  {name} has painted the backs of all our letters, envelopes included.
a year of ballet lessons | 300-1100 | 4-14
  {name} dances through the supermarket, and people stop to watch.
ballet shoes and a costume | 50-180 | 4-14
  The spring show is near and {name} is a snowflake, the third from the left.
a real camera | 180-900 | 9-15
  {name} sees beetles, shadows and puddles where the rest of us see a car park.
a sewing machine | 120-420 | 8-15
  {name} has sewn dresses for every doll in the street by hand, and dreams of bigger sizes.
a chess set and club fees | 60-250 | 6-15
  {name} has beaten all of us and, last Sunday, the neighbour who taught us.
a trip to the youth chess championship | 350-1400 | 8-15
  {name} won the county tournament, and the final is at the other end of the country.
a model railway starter set | 120-500 | 5-13
  {name} can tell every engine by its sound from the bedroom window.
a theatre course | 150-600 | 6-15
  {name} does all the voices when reading aloud, the wolf's best of all.
a garden bed and tools | 60-260 | 4-14
  {name} grew one tomato on the balcony last year and gave everybody a slice.
a beehive and a course to keep it | 250-900 | 10-15
  {name} spent the summer with the old beekeeper down the road, and has no fear at all.
a pottery course | 120-450 | 6-15
  Every bowl at our table was made by {name}, from clay dug out of the river bank.
a kiln in the youth club | 1200-5500 | 9-15
  {name}'s group has shelves full of clay animals waiting to be fired.
a telescope on the balcony | 150-800 | 7-15
  {name} found Jupiter with opera glasses and woke us all to show it.
a cello and a year of lessons | 900-3800 | 7-15
  {name} heard a cello in the underground and would not get on the train.
a trumpet | 180-900 | 8-15
  The brass band has a free chair for {name}, right next to the tuba.
a concert harp | 3500-16000 | 9-15
  {name}'s teacher says that the little harp has nothing left to teach.
a second-hand grand piano | 6000-28000 | 9-15
  {name} was invited to study with a professor who asks for a real instrument at home.
a magic set and a stage cape | 40-140 | 5-12
  {name} has made three spoons disappear, and we would like them back.
a first baking set | 40-120 | 3-10
  On Sundays {name} makes the cake, and the flour reaches every room.
a circus course | 130-480 | 6-14
  {name} juggles oranges at breakfast, mostly with success.
a unicycle | 80-260 | 7-15
  {name} saw one in the park and has since been walking with both arms out.
a day in the recording studio | 400-1800 | 11-15
  Four friends, one garage and seven songs of their own: {name} plays the bass.
an aquarium | 90-450 | 5-14
  {name} has read everything about guppies and has drawn the place for every plant.
a printed book of stories | 150-700 | 7-15
  {name} has filled nine notebooks with a saga about a very brave snail.
a film camera and a tripod | 200-1100 | 10-15
  {name} has written a film in which all of our street plays a part.
a doll's house kit | 60-260 | 3-10
  {name} makes furniture out of matchboxes, for tenants who have no roof yet.
a kite that likes strong wind | 40-130 | 5-14
  We moved to the coast, and {name} looks at the sky every morning before breakfast.
singing lessons | 250-950 | 6-15
  {name}'s voice carries across the yard, and the neighbours have begun to ask for songs.
a choir tour | 400-1600 | 9-15
  {name}'s choir may sing in three cathedrals, and nobody should have to stay at home.
a woodworking bench | 110-480 | 7-15
  {name} built a chair that three people have already sat on, one after the other.
a year of dance classes | 500-1500 | 5-14
  {name} does not go anywhere alone, least of all to hip-hop.
a puppet theatre | 60-240 | 3-11
  {name} plays for the whole house on Fridays, with socks for a cast.
a new dinghy with the sea scouts | 2500-11000 | 10-15
  {name} and the sea scouts have mended the old boat eleven times.
`;
