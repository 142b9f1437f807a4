package import Catalog
package import Store
internal import Tokens

extension Resource {
    /// Every collection of a data directory: those of the catalog, and the one of used and revoked tokens.
    package static let allSchemas: [CollectionSchema] = schemas + [TokenAuthority.schema]
}
