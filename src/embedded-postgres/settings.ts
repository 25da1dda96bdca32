/** Loopback and TCP only: a path to a socket has a length limit, and a password guards the port. */
const ALWAYS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Personal data must not reach the log: statements, their values and their errors stay out. */
const DISCREET = {
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
};

/** The command line of postgres: it outweighs the cluster's own files, so it holds for old ones. */
export function settings(port: number, durable: boolean): string[] {
  const safety = durable ? 'on' : 'off';
  const all = {
    port: String(port),
    ...ALWAYS,
    ...DISCREET,
    fsync: safety,
    full_page_writes: safety,
    synchronous_commit: safety,
    // What is thrown away soon is not worth tidying.
    autovacuum: safety,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
