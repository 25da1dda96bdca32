const CHILDREN = 2;
const CAMPAIGNS_EACH = 2;

/** Registers a family through the API, of the same size whatever the database's: gives its access token. */
export async function registerFamily(address) {
  const send = async (path, body, access) => {
    const headers = {
      'Content-Type': 'application/json',
      ...(access && { Authorization: `Bearer ${access}` }),
    };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(address + path, request);
    if (!response.ok) throw new Error(`POST ${path} is answered ${response.status}`);
    return response.json();
  };
  const name = `bench-${process.pid}`;
  const account = { username: name, email: `${name}@example.com`, password: `${name}-in-a-jar` };
  const { access } = await send('/parents/', account);
  const born = `${new Date().getFullYear() - 9}-05-17`;
  for (let i = 0; i < CHILDREN; i += 1) {
    const child = await send('/parents/me/children/', { name: 'Mia', date_of_birth: born }, access);
    for (let j = 0; j < CAMPAIGNS_EACH; j += 1) {
      const campaign = {
        title: 'A violin of her own',
        description: 'She practises on a borrowed one.',
        goal: 400,
        category: 'hobbies',
      };
      await send(`/children/${child.id}/campaigns/`, campaign, access);
    }
  }
  return access;
}
