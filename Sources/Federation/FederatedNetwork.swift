package import Blobs
package import Store

/// The members and artifacts of the federated network of one data directory.
///
/// There must be only one for a store, because it contains locks, for example for publishing the file of a token.
package struct FederatedNetwork: Sendable {
    package let store: Store
    package let blobs: BlobStore
    package let attributes: CurrentAttributes
    package let clients: Clients
    package let combiners: Combiners
    package let helper: ActiveHelper
    package let models: Models
    package let packages: Packages
    package let publication: Publication
    package let sessions: Sessions

    /// - Precondition: `store` was opened with `Resource.allSchemas`.
    package init(store: Store, blobs: BlobStore) {
        self.store = store
        self.blobs = blobs
        attributes = CurrentAttributes(store: store)
        combiners = Combiners(store: store)
        helper = ActiveHelper(store: store)
        publication = Publication(store: store, blobs: blobs)
        models = Models(store: store, helper: helper, publication: publication)
        packages = Packages(store: store, helper: helper, publication: publication)
        sessions = Sessions(store: store, helper: helper)
        clients = Clients(
            store: store,
            combiners: combiners,
            packages: packages,
            helper: helper,
            attributes: attributes
        )
    }
}
