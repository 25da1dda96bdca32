import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { addChild, openCampaign, registerParent } from './support/factories.js';

const api = useApi();

test('whoever registers is signed in and sees an empty family', async () => {
  const { body } = await api
    .post('/parents/', {
      username: 'Anna',
      email: 'Anna@Example.com',
      password: 'long enough',
      first_name: ' Anna ',
    })
    .expect(201);
  expect(body).toEqual({
    user: {
      id: expect.any(Number) as number,
      username: 'Anna',
      email: 'Anna@Example.com',
      first_name: 'Anna',
      last_name: '',
      date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      children: [],
    },
    access: expect.any(String) as string,
    refresh: expect.any(String) as string,
  });
  const me = await api.get('/parents/me/', body.access).expect(200);
  expect(me.body).toEqual(body.user);
});

test('all bad fields of a registration are told at once, a taken one among them', async () => {
  const parent = await registerParent(api);
  const { body } = await api
    .post('/parents/', {
      username: parent.username.toUpperCase(),
      email: 'no address',
      password: 'short',
    })
    .expect(400);
  expect(Object.keys(body).sort()).toEqual(['email', 'password', 'username']);
});

test('the dashboard holds each child with its campaigns, totals included, newest first', async () => {
  const parent = await registerParent(api);
  const older = await addChild(api, parent, { name: 'Tom' });
  const younger = await addChild(api, parent, { name: 'Lea Marie' });
  const first = await openCampaign(api, parent, older);
  const second = await openCampaign(api, parent, older, { deadline: '2099-01-01' });
  const { body } = await api.get(`/parents/${parent.id}/`, parent.access).expect(200);
  expect(body.children.map((child: { id: number }) => child.id)).toEqual([younger.id, older.id]);
  expect(body.children[1].campaigns.map((one: { id: number }) => one.id)).toEqual([
    second.id,
    first.id,
  ]);
  expect(body.children[1].campaigns[0]).toMatchObject({
    total_raised: 0,
    deadline: '2099-01-01T23:59:59.999Z',
    child: older.id,
  });
});
