// Requests as Python code: what a person pastes into a notebook.

// An indented literal. Strings as JSON has them are strings of Python too.
export function literal(value: unknown, indent = ''): string {
  const inner = indent + '    ';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map(one => `${inner}${literal(one, inner)},\n`).join('')}${indent}]`;
  }
  const members = Object.entries(value as object).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  return `{\n${members.map(([name, member]) => `${inner}${JSON.stringify(name)}: ${literal(member, inner)},\n`).join('')}${indent}}`;
}

// client.create_training_job(...) with one argument on each line.
export function boto3(service: string, operation: string, request: object): string {
  const call = operation.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  const parameters = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `    ${name}=${literal(value, '    ')},\n`);
  return `import boto3\n\nclient = boto3.client("${service}")\nclient.${call}(\n${parameters.join('')})\n`;
}
