// Prints introspection queries as tools send them, one JSON string per line; given the answer to one as argv[2], builds
// the schema of it.
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';

if (process.argv[2]) {
  console.log(printSchema(buildClientSchema(JSON.parse(process.argv[2]).data)));
} else {
  const everything = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true };
  for (const query of [getIntrospectionQuery(), getIntrospectionQuery({ schemaDescription: true, inputValueDeprecation: true }), getIntrospectionQuery(everything)]) {
    console.log(JSON.stringify(query));
  }
}
