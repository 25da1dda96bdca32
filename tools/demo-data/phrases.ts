import type { Category } from './ideas.js';

/** How a story begins. */
export const OPENINGS = [
  'Hello, and thank you for stopping by.',
  'This is a small page for a big wish.',
  'We never thought that we would write one of these, and here we are.',
  'If you know {name}, you know already what this is about.',
  'It began with a question at breakfast.',
  'We are a family of early risers, bad cooks and good neighbours.',
  'Some wishes are loud; this one was whispered at bedtime.',
  'Dear friends, dear neighbours, dear people we have yet to meet.',
  'There is a piece of paper on our fridge, and on it stands one word with three exclamation marks.',
  'Asking for help is not easy for us, so we will keep it short.',
  '{name} asked us to write this, and is looking over our shoulder.',
  'Every jar starts empty, and so does this one.',
  'Let us tell you about {name}.',
  'We have been putting coins aside since last year.',
];

/** What a story tells further, by what it is about. */
export const DETAILS: Record<Category, readonly string[]> = {
  sports: [
    'Training is twice a week, rain or shine, and nobody has to remind {name} to go.',
    'The trainer says that talent is one half and joy the other, and that {name} has plenty of both.',
    'Win or lose, {name} comes home with red cheeks and a long report.',
    'The bag stands packed at the door on the evening before.',
    'It is about friends, fresh air and being part of something.',
    'Nobody here needs a medal, though {name} has made room on the shelf.',
    'We drive, we wash shirts, we cheer; this last part we cannot do alone.',
  ],
  education: [
    'The teachers are behind us and have written a few kind lines.',
    '{name} would share it with the class, without having been asked to.',
    'Learning has never been the difficulty, only what it costs.',
    'When {name} understands something, the whole house hears about it.',
    'We think that curiosity should not depend on the month of the year.',
    'There is a plan on the wall, with stickers for every step that is done.',
    'Half an hour a day is what {name} has promised; we expect it to be two.',
  ],
  hobbies: [
    'It is what {name} does before school, after school and in secret after lights out.',
    'There are quieter hobbies and cheaper ones, and none that makes {name} so happy.',
    '{name} has sold lemonade, washed cars and emptied the piggy bank for it.',
    'We can hear from the kitchen how much better it goes every week.',
    'Grandma has promised to sit in the first row whatever comes of it.',
    'It may last a summer or a lifetime; with {name} we would bet on the second.',
    'Everything we could borrow we have borrowed, and everybody has been very patient.',
  ],
  health: [
    'The doctors are kind and clear, and they are with us in this.',
    'The insurance has paid what it pays; for the rest we need a few more shoulders.',
    'On good days {name} cheers us up, and on bad days too.',
    'We have learned many long words this year, and the best of them is "better".',
    'Nurses, neighbours and the whole football team ask after {name}.',
    'We count in small steps, and each of them is celebrated with pancakes.',
    'It will not make everything easy, but it will make a great deal possible.',
  ],
  dreams: [
    'It is not something one needs; it is something one remembers.',
    '{name} has drawn it from every side, with all of us in the picture.',
    'After the year that lies behind us we would love to see those eyes shine.',
    'There are crosses in the calendar, though there is no date yet.',
    'When we asked what it should be, the answer came before the question was over.',
    'Brothers, sisters and two stuffed rabbits are in on it.',
    'We cannot promise much in life, but this we would like to promise.',
  ],
};

/** What the money is for. */
export const COSTS = [
  'The goal of {cost} covers all of it, and we will show every bill to anyone who asks.',
  'We need {cost} in all; what is left over goes to the next jar on this site.',
  'With {cost} we would be there.',
  'We have asked around and compared, and {cost} is an honest price.',
  'What is missing is {cost}, to the last coin.',
  'It comes to {cost}, which is a lot for us and a little for many.',
  'The sum is {cost}; we have already paid for what we could.',
  '{cost} is what stands between the wish and the day.',
];

/** How a story ends. */
export const CLOSINGS = [
  'Thank you for reading this far, from all of us.',
  'Every coin counts, and so does every kind word.',
  'We will send news and a drawing as soon as there is something to tell.',
  'If you cannot give, tell someone about {name}; that helps too.',
  'Thank you, with flour on our hands and hope in our pockets.',
  'Whatever comes together, {name} will know that many people cared.',
  'There will be a thank-you card, made by {name}, with far too much glitter.',
  'From our kitchen table to yours: thank you.',
  'You will hear the cheer, wherever you live.',
  'Small gifts are the ones we talk about at supper.',
  'Thank you for being part of it.',
  '{name} has already begun to practise how to say thank you.',
];
