/** What a parent might ask for: the thing, the range of its goal, the ages it suits; then why. */
export const health = `
a wheelchair that fits | 2000-20000 | 2-15
  {name} has outgrown the old one, and the insurance pays for a model that is too heavy to push alone.
glasses and a spare pair | 120-420 | 2-15
  {name} breaks a pair every few months, for the best of reasons: playing.
hearing aids | 1200-6000 | 0-15
  The first time {name} heard birds was with a pair on loan, and the loan ends soon.
a cochlear implant | 18000-45000 | 0-8
  The doctors say that the earlier it is done, the easier {name} will learn to speak.
a year of speech therapy | 900-3800 | 2-12
  {name} has so much to tell, and finds a few more words every month.
six months of physiotherapy | 800-3600 | 0-15
  Each hour with the therapist gives {name} a little more strength for the stairs.
an operation on the hip | 12000-60000 | 1-15
  {name} walks with pain on most days, and a clinic that does this often has given us a date.
a trip to the specialist clinic | 900-6000 | 0-15
  The doctor who knows {name}'s rare illness works eight hundred kilometres away.
leg braces in favourite colours | 800-4200 | 2-14
  {name} has asked for green ones with dinosaurs, and will wear them every day.
a prosthetic hand | 3000-24000 | 3-15
  {name} has a long list of things to grip, and a bicycle bar is at the top.
an insulin pump | 2500-7500 | 3-15
  No more pricks in the middle of a party: {name} could just be a child among others.
a blood sugar sensor | 600-2400 | 3-15
  We get up twice each night to measure, and a small sensor would let {name} sleep.
a therapy dog | 8000-26000 | 4-15
  A dog that warns before a seizure would give {name} back the way to school.
a year of riding therapy | 1200-4200 | 3-14
  On the back of the old mare {name} sits straighter than anywhere else.
a nebuliser against asthma | 90-320 | 1-15
  Winter is hard on {name}'s lungs, and a machine at home would spare us many nights in hospital.
a bedroom air purifier | 110-420 | 0-15
  Since we filter the air at grandma's house, {name} sleeps through there without a cough.
an adapted car seat | 600-2600 | 1-12
  {name} needs one that supports the head and turns to the door.
a ramp and a wider door | 2500-12000 | 2-15
  {name} is carried up four steps every day, and would rather come home alone.
a bathroom without steps | 6000-32000 | 3-15
  {name} is too big to be lifted into a tub, and far too proud.
a stair lift | 5000-18000 | 4-15
  {name}'s room is upstairs, and so are all the books.
a van with a lift | 22000-70000 | 3-15
  Every journey with {name}'s electric chair means three helpers and a neighbour's lorry.
an electric wheelchair | 6000-28000 | 5-15
  With one finger on a joystick {name} could race everyone across the schoolyard.
a communication tablet | 700-4800 | 3-15
  {name} cannot speak, and with the tablet told us a joke on the very first day.
a weighted blanket and a sensory corner | 120-600 | 2-13
  The world is often too loud for {name}, and a quiet corner would help.
dental braces | 1200-5200 | 9-15
  {name} hides every smile behind a hand, and has the loveliest smile of the family.
a wig of real hair | 400-2400 | 4-15
  After the treatment {name} would like to look into the mirror and see a friend.
a place at the rehabilitation camp | 900-4500 | 5-15
  For three weeks {name} would be with children who have been through the same.
the stay near the children's hospital | 700-4500 | 0-15
  While {name} is treated we need a room close by, for seven weeks or a little longer.
a heart operation | 25000-90000 | 0-12
  {name} was born with half a heart that works hard for two, and needs help to go on.
medicine beyond the insurance | 1500-15000 | 0-15
  It works: {name} has had five good weeks in a row, and we want many more.
a standing frame | 1800-8000 | 1-12
  Seen upright the world is another place, and {name} gets to look the others in the eye.
a special pram | 700-3600 | 0-4
  {name} needs oxygen on every walk, and the bottle has to travel along.
a bed that rises | 1800-7500 | 2-15
  {name}'s nights would be safer, and our backs would last a while longer.
an eye operation | 3500-22000 | 1-15
  The doctors are sure that {name} could see the blackboard, and perhaps the stars.
a year of art therapy | 500-2200 | 4-15
  {name} has no words for what happened, and paints it a little brighter each week.
swimming therapy | 400-1900 | 1-13
  In warm water {name}'s muscles let go, and {name} laughs the whole hour.
a helmet against falls | 180-900 | 1-10
  {name} falls without warning, and would like to climb the slide all the same.
orthopaedic shoes | 200-950 | 2-15
  Shoes made for {name}'s feet mean a whole day at the zoo, not half of one.
a recovery week by the sea | 700-2800 | 2-15
  The salty air has done {name} more good than anything from the pharmacy.
a milk pump and special formula | 150-900 | 0-1
  {name} came ten weeks early and is catching up, gram by gram.
`;
