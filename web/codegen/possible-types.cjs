const { isInterfaceType, isUnionType } = require('graphql')

/** Writes which types each interface and union stands for, so that the cache need not guess which fragments apply. */
exports.plugin = (schema) => {
  const abstract = Object.values(schema.getTypeMap()).filter((type) => isInterfaceType(type) || isUnionType(type))
  const lines = abstract.map((type) => `  ${type.name}: [${schema.getPossibleTypes(type).map(({ name }) => `'${name}'`).join(', ')}],`)
  return `export const possibleTypes: Record<string, string[]> = {\n${lines.join('\n')}\n}\n`
}
