/**
 * The characters that show no ink, for a class in a pattern: white space, controls, what Unicode calls
 * ignorable (Hangul fillers, joiners, variation selectors, tags), and a few that fonts leave empty. A list
 * and not properties: the database has the same, and versions of Unicode differ (ADR 020).
 */
export const INKLESS = String.raw`\u0000-\u0020\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u303F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\u{13430}-\u{13442}\u{16FE4}\u{1BCA0}-\u{1BCA3}\u{1D159}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}`;

/** Those of them that stand within a word of some scripts: joiners and variation selectors. */
export const JOINING = String.raw`\u034F\u180B-\u180D\u180F\u200C\u200D\uFE00-\uFE0F\u{E0100}-\u{E01EF}`;
