internal import Catalog
package import JSON
internal import Store
package import Tokens

/// The edge clients of the network: joining and deletion.
package struct Clients: Sendable {
    private let documents: ResourceCollection
    private let combiners: Combiners
    private let packages: Packages
    private let helper: ActiveHelper
    private let attributes: CurrentAttributes

    init(
        store: Store,
        combiners: Combiners,
        packages: Packages,
        helper: ActiveHelper,
        attributes: CurrentAttributes
    ) {
        documents = ResourceCollection(.clients, of: store)
        self.combiners = combiners
        self.packages = packages
        self.helper = helper
        self.attributes = attributes
    }

    /// Registers a new or returning client; `ip` is its address.
    ///
    /// Returns nil if the client runs the network's package and there is none yet: the client must retry.
    package func join(_ client: JoiningClient, ip: String?) async throws -> ClientAssignment? {
        if client.package == "remote", try await packages.active() == nil { return nil }
        let known = try documents.get(client.id)
        let combiner = try await combiners.assign(
            preferred: client.preferredCombiner,
            current: known?["combiner"]?.string
        )
        var document: JSONObject = [
            "client_id": .string(client.id),
            "name": .string(client.name),
            "combiner": .string(combiner.id),
            "combiner_preferred": JSON(client.preferredCombiner),
            "ip": JSON(ip),
            "status": "available",
            "last_seen": JSON(Timestamp.now()),
            "package": JSON(client.package),
            "client_version": JSON(client.version),
        ]
        document[Resource.extra] = known?[Resource.extra]
        _ = try await documents.put(document)
        return ClientAssignment(client: client, combiner: combiner, helper: try helper.name())
    }

    /// Deletes a client; `authority` does not accept its tokens from then on.
    ///
    /// Returns false for a client that is not registered but whose tokens were revoked.
    ///
    /// - Throws: `StoreError.notFound` for a client that is not registered, without an authority; errors of storage.
    package func delete(_ id: String, revokingTokensOf authority: TokenAuthority?) async throws -> Bool {
        // First, so that a crash between the two, or a client that never joined, leaves no token that works.
        try await authority?.revoke(subject: id)
        do {
            try await documents.collection.delete(id)
            return true
        } catch StoreError.notFound where authority != nil {
            return false
        }
    }

    /// Returns the newest value of every attribute of a client, by key.
    package func attributes(of id: String) async throws -> JSONObject {
        _ = try documents.document(id)
        return try await attributes.values(of: id)
    }
}

/// The fields of a client's request to join.
package struct JoiningClient: Sendable {
    package let id: String
    package let name: String
    package let preferredCombiner: String?
    /// `local` for code of its own, `remote` for the network's package.
    package let package: String?
    package let version: String?

    /// Reads a request; a client without an id gets one.
    ///
    /// The reference and the official client spell the preferred combiner differently.
    ///
    /// - Throws: ``FederationError/incompatibleVersion(_:)`` for a version other than 1.x; without one a client is
    ///   accepted. `ValidationError` for a field.
    package init(_ fields: JSONObject) throws {
        id = try fields.text("client_id") ?? UniqueID.random()
        name = try fields.requiredText("name")
        preferredCombiner = try fields.text("preferred_combiner") ?? fields.text("combiner_preferred")
        package = try fields.text("package")
        if let package, package != "local", package != "remote" {
            throw ValidationError.malformedField("package", expected: "'local' or 'remote'")
        }
        version = try fields.text("client_version")
        if let version, version.split(separator: ".").first != "1" {
            throw FederationError.incompatibleVersion(version)
        }
    }
}

/// The address that a client connects to after it has joined.
package struct ClientAssignment: Sendable {
    package let client: JoiningClient
    package let combiner: Combiner
    package let helper: String
}
