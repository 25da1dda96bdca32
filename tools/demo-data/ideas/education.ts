/** What a parent might ask for: the thing, the range of its goal, the ages it suits; then why. */
export const education = `
a play group in two languages | 150-600 | 0-3
  At home we speak Polish, outside they speak English, and {name} listens with wide eyes to both.
a first shelf of picture books | 60-180 | 0-4
  We read the same three books every night, and {name} now finishes each sentence for us.
a place in the forest nursery | 900-3600 | 1-5
  {name} is happiest with mud on both knees, and the nursery in the woods has one place left.
a school laptop | 300-900 | 9-15
  {name} writes homework on a phone with a cracked screen, and rarely complains.
a school bag and everything in it | 70-220 | 5-10
  School begins in autumn, and {name} has already chosen the peg to hang a bag on.
a year of maths tutoring | 400-1400 | 8-15
  Fractions made {name} cry last winter; with a little help they might make sense.
a microscope | 90-380 | 7-15
  {name} looks at leaves, sugar and the cat's fur through a jam jar lid, and takes notes.
a summer of science | 400-1300 | 8-15
  The university opens its laboratories to children for three weeks, and {name} has been accepted.
an English course | 250-900 | 6-15
  {name} sings along to every song without a word of it right, and would love to understand them.
a coding course and a small computer | 250-800 | 8-15
  {name} drew a whole computer game on squared paper, level by level.
a reading tutor | 350-1300 | 6-12
  Letters dance for {name}, and a teacher who knows dyslexia has finally got time for us.
braille books | 250-1100 | 4-15
  The library has two shelves in braille, and {name} has read both of them twice.
a braille display | 1800-6000 | 8-15
  With it {name} could read and write in class at the same speed as everyone else.
a hearing loop in class | 900-3500 | 5-15
  {name} follows the lessons by watching lips, and misses whatever is said to the blackboard.
a school exchange in France | 700-2200 | 12-15
  A family in Lyon has already sent {name} a postcard and a photo of their dog.
a year abroad | 7000-18000 | 14-15
  {name} has passed the selection, found a school and only the costs are still open.
a year of private school fees | 6000-28000 | 6-15
  After two hard years {name} has found a school where learning is a joy again.
a desk and a good lamp | 90-320 | 6-15
  Homework happens on the kitchen table between the soup and two little brothers.
an encyclopedia of animals | 40-130 | 4-11
  {name} asks about forty questions a day, and thirty of them are about animals.
a telescope on the school roof | 600-3500 | 9-15
  {name} founded the astronomy club, which so far looks at the stars with one pair of binoculars.
a robotics kit | 180-650 | 8-15
  {name} built a robot arm of cardboard and string that really does pick up biscuits.
a place at the maths olympiad camp | 250-900 | 11-15
  {name} came second in the region and may now train with the best for ten days.
a school trip to the sea | 150-420 | 7-14
  The whole class is going to count birds and crabs, and {name} should be among them.
a family sign language course | 400-1500 | 1-15
  {name} signs faster than any of us can follow, and we want to catch up.
a chemistry set with proper glass | 70-240 | 9-15
  {name} has made a volcano four times, and is ready for something less orange.
a graphing calculator | 80-170 | 12-15
  The new maths class asks for one, and {name} has been sharing with a neighbour.
a music theory course | 180-600 | 9-15
  {name} hears a melody once and plays it back, and wants to learn to write them down.
a library corner in our village | 800-5000 | 6-15
  {name} wrote to the mayor that eighty children and no library is a bad sum.
a speech computer | 2500-9000 | 4-15
  {name} has a great deal to say, and at school so far only pictures on cards to say it with.
Spanish lessons | 200-750 | 7-15
  Half of our family lives in Sevilla, and {name} would like to talk with the cousins, not through us.
a history trip to Rome | 450-1300 | 11-15
  {name} can name more emperors than footballers, and the class leaves in May.
the bus fare to a better school | 250-800 | 10-15
  {name} got the place, an hour away, and the year's ticket is more than we had planned.
a drawing tablet | 120-480 | 10-15
  {name} wants to become an illustrator and does the homework with a finger on an old phone.
a globe that lights up | 40-120 | 3-10
  {name} falls asleep naming countries and would like to see where they are.
a year of school meals | 350-900 | 5-14
  A warm lunch with the others is more than food: {name} would sit at the same table again.
a place in the gifted programme | 1500-6500 | 8-15
  {name} finished the maths book before the autumn holidays and has been helping the teacher since.
an after-school place | 900-3200 | 6-11
  We both work until six, and {name} would be in good hands, with help for homework.
a year of boarding at the music school | 8000-26000 | 11-15
  {name} passed the audition for one of the best youth orchestras of the country.
an autism companion at school | 5000-24000 | 5-15
  With a calm person at hand {name} can stay in class, and in fact likes it there.
a summer camp in the language of grandma | 350-1100 | 7-14
  {name} understands every word that grandma says and is too shy to answer.
a weather station | 80-350 | 8-15
  {name} has written down the temperature every morning for a year and wants to measure the wind.
`;
