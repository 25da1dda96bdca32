/** What a parent might ask for: the thing, the range of its goal, the ages it suits; then why. */
export const sports = `
a toddler gymnastics group | 80-220 | 1-4
  {name} climbs the sofa from both sides, and the sports club has softer hills on offer.
a first ball and two small goals | 40-110 | 0-5
  {name} rolls everything round across the floor, oranges included, and cheers.
football boots that fit | 40-120 | 5-15
  The old pair is held together with tape, and {name} still wears it to every practice.
a baby swimming course | 90-240 | 0-2
  {name} laughs at every splash in the bath, and the pool next door has a course for the very small.
a balance bike | 60-160 | 2-4
  Every morning {name} chases the big children down the lane, on foot and always a little behind.
swimming lessons | 120-400 | 4-12
  We live by the lake, and {name} has promised to learn to swim properly before the summer.
a season at the football club | 150-420 | 5-15
  The team has kept a shirt with {name}'s number, and the fee is due before the first match.
running shoes | 50-140 | 6-15
  {name} has run the school mile in canvas shoes all year, and still came in third.
a junior racing bike | 600-2400 | 9-15
  {name} trains with the cycling club on a borrowed frame that has to go back in the spring.
a place at the summer athletics camp | 300-900 | 8-15
  Two weeks of jumping, sprinting and new friends: {name} has had the leaflet on the wall since winter.
judo lessons and a first judogi | 180-450 | 5-14
  Since the open day {name} bows at the kitchen door and practises falling on the mattress.
a gymnastics beam in the garden | 150-500 | 6-14
  {name} walks every kerb and every low wall in town as if it were the final.
a year of gymnastics training | 500-1500 | 5-15
  The trainer asked {name} to join the advanced group, which meets three times a week.
ice skates and rink passes | 90-300 | 5-15
  {name} learned to glide on rented skates two sizes too big, and never wants to leave the ice.
ice hockey gear | 450-1600 | 6-15
  From helmet to shin guards, growing children need all of it new, and {name} has grown a lot.
a basketball wheelchair | 2500-9000 | 6-15
  {name} found a team where everybody rolls, and shares one chair with two others.
a running blade | 6000-22000 | 5-15
  {name} was born with one leg shorter, and watches the sprinters with shining eyes.
a racing wheelchair | 3500-12000 | 8-15
  The athletics club has opened its lanes to everyone, and {name} was the first to sign up.
a year of tennis lessons | 450-1400 | 6-15
  {name} hits a ball against the garage wall until it is too dark to see it.
a tennis racket and a bag of balls | 60-180 | 5-15
  The racket that {name} inherited is older than both of us parents, and just as creaky.
a handball trip to the national cup | 800-3000 | 10-15
  For the first time our small club qualified, and {name} keeps the goal.
a table tennis table | 200-700 | 7-15
  All the children of our yard play on a door laid over two crates, and {name} runs the league.
climbing shoes and a season at the wall | 180-520 | 6-15
  {name} has climbed every tree on the street and has now asked for something higher.
a surf week at the coast | 400-1100 | 9-15
  {name} practises standing up on an ironing board, to the great worry of the grandparents.
a judo mat in the village hall | 900-4000 | 6-15
  {name} and eleven friends train on a tiled floor, and have the bruises to show for it.
riding lessons | 350-1200 | 6-15
  {name} mucks out the stable every Saturday just to be near the ponies.
a skateboard and a full set of pads | 80-260 | 6-15
  The skate park opened behind our house, and {name} knows everyone there by name.
a rowing season with the youth eight | 500-1600 | 11-15
  {name} sits at number five and says it is the best seat in the world.
a fencing outfit | 300-950 | 8-15
  Mask, jacket and a real foil: so far {name} has fenced with whatever the club could lend.
a basketball hoop in our yard | 120-450 | 5-15
  {name} throws paper at the bin all day long and hardly ever misses.
cross-country skis | 180-600 | 6-15
  Snow lies until April here, and {name} would love to ski to school with the others.
a ski camp with the junior team | 500-1800 | 8-15
  {name} has made the regional team, and the autumn camp is on the glacier.
diving lessons | 250-800 | 9-15
  {name} jumped from the tower on a dare and has talked about nothing else since.
a karate belt exam and the trip to it | 80-250 | 7-15
  {name} has trained two years for this belt, and the exam takes place four hours away.
a goalkeeper's kit | 70-220 | 6-15
  {name} dives for every ball in garden gloves, and the gloves are losing.
an adapted tricycle | 1800-6500 | 4-15
  With a seat that holds and pedals that strap, {name} could ride along on our Sunday tours.
a real volleyball net | 150-480 | 9-15
  {name} is captain this year, of a team that trains over a washing line.
a badminton season | 130-380 | 7-15
  The club has a junior evening now, and {name} has not missed a single trial session.
a place in the sailing school | 600-2200 | 8-15
  {name} can tie every knot in the book and has yet to sit in a boat.
a sit-ski | 4000-14000 | 7-15
  All of us ski but {name}, who waits in the hut with a cocoa and a very patient smile.
a year at the sports boarding school | 9000-32000 | 12-15
  {name} won one of the six places, and half of the fees are covered already.
a trampoline course | 110-340 | 5-14
  {name} bounces on sofas, beds and grandparents, so we looked for something with a trainer.
`;
