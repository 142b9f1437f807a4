internal import Catalog
internal import Concurrency
internal import Index
package import JSON
package import Store

/// The packages, of which one is active.
///
/// Of the packages whose `active` is true, the one that changed last is the active one. So one write makes a package
/// active, even if a crash prevents the next step, which resets the other packages' flags.
package struct Packages: Sendable {
    /// Archives that a client can unpack; it chooses the method by the file name.
    private static let extensions = ["tar.gz", "tgz", "tar.bz2", "tar", "gz", "bz2", "zip"]

    private let documents: ResourceCollection
    private let helper: ActiveHelper
    private let publication: Publication
    /// Changes of which package is active run one after the other: each resets the flags of the others.
    private let turn = AsyncSemaphore(permitCount: 1)

    /// - Precondition: There is one of these for a store.
    init(store: Store, helper: ActiveHelper, publication: Publication) {
        documents = ResourceCollection(.packages, of: store)
        self.helper = helper
        self.publication = publication
    }

    /// Publishes an uploaded archive, makes it the active package, and returns its id.
    ///
    /// The fields are `file_token` and those of the package's document.
    package func publish(_ fields: JSONObject) async throws -> String {
        let helper = try self.helper.name(in: fields)
        let fileName = try await fileName(fields)
        guard let suffix = Self.extensions.first(where: { fileName.lowercased().hasSuffix(".\($0)") }) else {
            throw ValidationError.malformedField(
                "file_name",
                expected: "the name of a .tgz, .tar.gz, .tar.bz2 or .zip file"
            )
        }
        let id = UniqueID.random()
        var package = fields
        package["package_id"] = .string(id)
        package["helper"] = .string(helper)
        package["name"] = .string(try fields.text("name") ?? fileName)
        package["file_name"] = .string(fileName)
        package["storage_file_name"] = .string("\(id).\(suffix)")
        package["active"] = false
        try await publication.publish(package, in: documents)
        try await activate(id)
        return id
    }

    /// Returns the file name in the request, or else that of the upload.
    private func fileName(_ fields: JSONObject) async throws -> String {
        if let name = try fields.text("file_name") { return try FileName(name).text }
        return try await publication.fileName(of: fields.requiredText("file_token"))
    }

    /// The active package, or nil.
    package func active() async throws -> Document? {
        try await onThreadPool { try flagged(limit: 1).first }
    }

    /// Returns the newest package of that name, or the active one without a name.
    ///
    /// The name is the package's own, or the file name of its upload or download.
    ///
    /// - Throws: ``FederationError/noPackage``.
    package func find(_ name: String?) async throws -> Document {
        let found = try await onThreadPool { try name.map { try named($0) } ?? flagged(limit: 1).first }
        guard let found else { throw FederationError.noPackage }
        return found
    }

    /// Returns the active package, if it has that name or none is given.
    ///
    /// - Throws: ``FederationError/noPackage``.
    package func findActive(_ name: String?) async throws -> Document {
        guard let active = try await active() else { throw FederationError.noPackage }
        let fields = try active.object
        guard name == nil || Self.names.contains(where: { fields[$0]?.string == name }) else {
            throw FederationError.noPackage
        }
        return active
    }

    /// Makes a package the active one.
    package func activate(_ id: String) async throws {
        await turn.acquire()
        defer { turn.release() }
        try await documents.change(id, ["active": true])
        try await resetFlags(except: id)
    }

    /// Deactivates the active package.
    package func deactivate() async throws {
        await turn.acquire()
        defer { turn.release() }
        try await resetFlags(except: nil)
    }

    /// Deletes a package and its file.
    ///
    /// - Throws: ``FederationError/activePackage(_:)``, `StoreError.notFound`, and errors of storage.
    package func delete(_ id: String) async throws {
        await turn.acquire()
        defer { turn.release() }
        guard try await active()?.id != id else { throw FederationError.activePackage(id) }
        try await publication.remove(id, from: documents)
    }

    /// Deletes all but the newest packages and the active one, at most `countMax`, and returns their ids.
    package func deleteOld(keeping keptCount: Int, countMax: Int) async throws -> [String] {
        let old = try await onThreadPool {
            try documents.collection.list(Query(skip: keptCount, limit: countMax)).documents.map(\.id)
        }
        var deleted: [String] = []
        for id in old {
            do { try await delete(id) } catch FederationError.activePackage { continue }
            deleted.append(id)
        }
        return deleted
    }

    /// Resets the flags of all packages except one.
    private func resetFlags(except id: String?) async throws {
        let flagged = try await onThreadPool { try self.flagged() }
        // The active one last, so that a crash in the middle makes no other package active.
        for package in flagged.reversed() where package.id != id {
            try await documents.change(package.id, ["active": false])
        }
    }

    /// The fields by which clients name a package.
    private static let names = ["storage_file_name", "file_name", "name"]

    private func named(_ name: String) throws -> Document? {
        for field in Self.names {
            let query = Query(filter: Filter([Condition(FieldPath(field), .equal(name))]), limit: 1)
            if let found = try documents.collection.list(query).documents.first { return found }
        }
        return nil
    }

    /// The packages whose `active` is true, the one that changed last first.
    private func flagged(limit: Int? = nil) throws -> [Document] {
        let filter = Filter([Condition("active", .equal("true"))])
        return try documents.collection.list(Query(filter: filter, sortKey: "updated_at", limit: limit)).documents
    }
}
