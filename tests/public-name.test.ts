import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  addChild,
  donate,
  openCampaign,
  registerParent,
  type TestParent,
} from './support/factories.js';

const api = useApi();

let parent: TestParent;

beforeAll(async () => {
  parent = await registerParent(api);
});

const refused = { public_name: ['Must not contain another word of the name.'] };

async function publicNameOf(name: string, fields: object = {}): Promise<string> {
  const { id } = await addChild(api, parent, { name, ...fields });
  return (await api.get(`/children/${id}/`, parent.access).expect(200)).body.public_name;
}

const change = (id: number, fields: object) => api.patch(`/children/${id}/`, fields, parent.access);

describe('unless the parent chooses, the public sees', () => {
  test.each([
    ['Mia', 'Mia'],
    ['Mia Sommer', 'Mia'],
    ['Léa-Zoë Geheim', 'Léa-Zoë'],
    ["D'Arcy Fitz", "D'Arcy"],
    ['Sommer, Mia', 'Mia'],
    ['Sommer,Mia', 'Mia'],
    ['Sommer , Mia Lou', 'Mia'],
    ['Sommer; Mia', 'Mia'],
    ['Sommer: Mia', 'Mia'],
    ...Array.from('\u201a\u037e\u061b\u066b\uff1b\u{11145}', (comma) => [
      `Sommer${comma} Mia`,
      'Mia',
    ]),
    ...Array.from('_/|\\', (end) => [`Mia${end}Sommer`, 'Mia']),
    ['/Mia/ Sommer', 'Mia'],
    ['García Márquez, Ana', 'Ana'],
    ['Sommer, Mia, Anna', 'Mia'],
    ['王，小明', '小明'],
    ['سالم، ليلى', 'ليلى'],
    ['Mia Sommer, Jr.', 'Mia'],
    ['Sommer,', 'Sommer'],
    ['李明', '明'],
    ['王小明', '明'],
    ['司马相如', '相如'],
    ['김철수', '수'],
    ['やまだたろう', 'たろう'],
    ['山田 太郎', '山田'],
    ['マリア・ゾマー', 'マリア'],
    ['葛\u{e0100}城明日', '明日'],
    ['李明🦊', '明'],
    ['(王.小明)', '明'],
    ['マリア＝ゾマー', 'マリア'],
    ['マリア・Sommer', 'マリア'],
    ['Emma李', 'Emma'],
    ['李Emma', 'Emma'],
    ['Mia田中', 'Mia'],
    ['田中Mia', 'Mia'],
    ['김Mia', 'Mia'],
    ['Иван李', 'Иван'],
    ['Emma李Sommer', 'Emma'],
    ['李Emma-Sofie O', 'Emma-Sofie'],
    ["李D'Arcy", "D'Arcy"],
    ['Emma(李)', 'Emma'],
    ['Emma·李', 'Emma'],
    ['Emma\u200dSommer李', 'Emma'],
    ['葛\u{e0100}Emma', 'Emma'],
    ['Sommer, Emma李', 'Emma'],
    ['Mia\u119eSommer', 'Mia'],
    ['Sommer\u2e49Mia', 'Mia'],
    ['Sommer\u2e4cMia', 'Mia'],
    ['Sommer\u{1144d}Mia', 'Mia'],
    ['Sommer\u{1145a}Mia', 'Mia'],
    ['Sommer\u{16e97}Mia', 'Mia'],
    ['Sommer\u{1da87}Mia', 'Mia'],
    ['x'.repeat(60), 'x'.repeat(50)],
  ])('of %s: %s', async (name, shown) => {
    expect(await publicNameOf(name)).toBe(shown);
  });

  const inkless =
    ' \u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b\u180e\u2002\u200b\u200c\u200d\u200e\u2028\u202f' +
    '\u205f\u2060\u2064\u206a\u2800\u3000\u3164\ufe0f\ufeff\uffa0\ufff9\ufffc\u0085\u{13442}\u{1bca0}\u{1d159}' +
    '\u{1d173}\u{e0001}\u{e0041}\u{e0100}';
  test.each(Array.from(inkless, (blank) => [blank.codePointAt(0)!.toString(16), blank]))(
    'nothing that follows U+%s, which shows no ink',
    async (_code, blank) => {
      const child = await addChild(api, parent, { name: `Mia${blank}Geheim` });
      const { id } = await openCampaign(api, parent, child);
      const shown = await api.get(`/campaigns/${id}/`).expect(200);
      expect(shown.body.child_name).toBe('Mia');
      expect(shown.text).not.toContain('Geheim');
      expect((await api.get('/campaigns/?q=geheim').expect(200)).body).toEqual([]);
      await change(child.id, { name: `Léa${blank}${blank}Geheim` }).expect(200);
      expect((await api.get('/campaigns/').expect(200)).body[0].child_name).toBe('Léa');
    },
  );
});

describe('a parent', () => {
  test('chooses another public name, everywhere, and goes back to the default', async () => {
    const child = await addChild(api, parent, { name: 'Mia Sommer', public_name: '  Mimi Lou ' });
    const campaign = await openCampaign(api, parent, child);
    const gift = await donate(api, campaign, {}, parent);
    const shown = async () => [
      (await api.get(`/campaigns/${campaign.id}/`)).body.child_name,
      (await api.get('/campaigns/?q=lou')).body.map((one: { id: number }) => one.id),
      (await api.get('/donations/', parent.access)).body[0].campaign.child_name,
      (await api.get(`/donations/${gift.id}/receipt/`, parent.access)).body.campaign.child_name,
    ];
    expect(await shown()).toEqual(['Mimi Lou', [campaign.id], 'Mimi Lou', 'Mimi Lou']);
    for (const none of [null, '', ' \u3164']) {
      await change(child.id, { public_name: 'Mimi Lou' }).expect(200);
      const { body } = await change(child.id, { public_name: none }).expect(200);
      expect(body.public_name).toBe('Mia');
      expect(await shown()).toEqual(['Mia', [], 'Mia', 'Mia']);
    }
  });

  test('renames a child: the default follows, a choice stays as long as it tells no more', async () => {
    const { id } = await addChild(api, parent, { name: 'Mia Sommer' });
    expect((await change(id, { name: 'Lena Sommer' }).expect(200)).body.public_name).toBe('Lena');
    await change(id, { public_name: 'Kiki' }).expect(200);
    expect((await change(id, { name: 'Mia Winter' }).expect(200)).body.public_name).toBe('Kiki');
    expect((await change(id, { name: 'Mia Kiki' }).expect(400)).body).toEqual(refused);
    await change(id, { name: 'Mia Kiki', public_name: null }).expect(200);
    const both = await change(id, { name: 'Ida Berg', public_name: 'Idefix' }).expect(200);
    expect(both.body).toMatchObject({ name: 'Ida Berg', public_name: 'Idefix' });
  });

  test('can change both at the same time from two places, and nothing more is told', async () => {
    const { id } = await addChild(api, parent, { name: 'Mia Sommer', public_name: 'Kiki' });
    const answers = await Promise.all([
      change(id, { name: 'Mia Winter' }),
      change(id, { public_name: 'Winter' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  test.each([
    ['Mia Sommer', 'Sommer'],
    ['Mia Sommer', 'Mia Sommer'],
    ['Mia Sommer', 'mia SOMMER'],
    ['Mia Sommer', 'Mia-Sommer'],
    ['Mia Sommer', 'MiaSommer'],
    ['Mia Sommer', 'S.o.m.m.e.r'],
    ['Mia Sommer', 'Mia Som\u00admer'],
    ['Mia Sommer', 'Mia Som\u200bmer'],
    ...Array.from('\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b\u{16fe4}', (blank) => [
      'Mia Sommer',
      `Mia Som${blank}mer`,
    ]),
    ['Ida Müller-Großmann', 'GROẞMANN'],
    ['Ida Großmann', 'Ida Groẞmann'],
    ['Ida Gross', 'Ida GROẞ'],
    ['Mia Işık', 'MIA IŞIK'],
    ['Mia İnci', 'Mia inci'],
    ['Μία Γιώργος', 'ΓΙΩΡΓΟΣΜΙ'],
    ['Mia Sommer', 'Ｓｏｍｍｅｒ'],
    ['Mia Sommer', 'Sömmer'],
    ['Zoë Müller', 'Zoe Muller'],
    ['Mia Groß', 'Mia Gross'],
    ['Mia Anna Sommer', 'Mia Anna'],
    ['Mia Sommer-Winter', 'Mia Winter'],
    ['Sommer, Mia', 'Sommer'],
    ['Mia de Sommer', 'Mia de'],
    ['Mia Li', 'MiaLi'],
    ['Mia Li', 'Mia Li'],
    ['Annabell Bell', 'Bell'],
    ['Annabell Bell', 'Annabell Bell'],
    ['김철수', '김철수'],
    ['山田 太郎', '山田 太郎'],
    ['Emma李', '李'],
    ['Emma李', 'Emma李'],
    ['Emma李', '李 Emma'],
    ['Emma李 Sommer', 'Emma李'],
    ['Mia\u119eSommer', 'Sommer'],
  ])('who named the child %s may not show %s', async (name, public_name) => {
    const input = { name, public_name, date_of_birth: '2020-01-01' };
    const { body } = await api.post('/parents/me/children/', input, parent.access).expect(400);
    expect(body).toEqual(refused);
    const { id } = await addChild(api, parent, { name });
    expect((await change(id, { public_name }).expect(400)).body).toEqual(refused);
  });

  test.each([
    ['Mia Sommer', 'Mia'],
    ['Mia Sommer', 'MIA'],
    ['Mia Sommer', 'Mia Lou'],
    ['Mia Sommer', '🦊'],
    ['Mia de Berg', 'Adele'],
    ['Mia Li', 'Oliver'],
    ['Anna Anna', 'Anna'],
    ['Annabell Bell', 'Annabell'],
    ['김철수', '철수'],
    ['山田 太郎', '太郎'],
    ['山田 Mia', 'Mia'],
    ['Emma李', 'Emma'],
    ['Mia Sommer', 'x'.repeat(50)],
  ])('who named the child %s may show %s', async (name, public_name) => {
    expect(await publicNameOf(name, { public_name })).toBe(public_name);
  });

  test.each(['x'.repeat(51), 'a\nb', 7, ['Mia']])('may not show %j', async (public_name) => {
    const input = { name: 'Mia', public_name, date_of_birth: '2020-01-01' };
    const { body } = await api.post('/parents/me/children/', input, parent.access).expect(400);
    expect(Object.keys(body)).toEqual(['public_name']);
  });
});
