internal import Catalog
internal import JSON
package import Store

/// The active helper, the code that reads and writes model files: one document among the settings.
package struct ActiveHelper: Sendable {
    package static let names = ["numpyhelper", "binaryhelper", "androidhelper"]
    /// The helper when none was set, as the official client assumes.
    private static let defaultName = "numpyhelper"

    private static let id = "active_helper"
    private let settings: DocumentCollection

    package init(store: Store) {
        settings = store.collection(Resource.settings.name)
    }

    package func name() throws -> String {
        try settings.get(Self.id)?.object["value"]?.string ?? Self.defaultName
    }

    /// The helper that a request names in `helper`, or the active one.
    func name(in fields: JSONObject) throws -> String {
        let name = try fields.text("helper") ?? self.name()
        guard Self.names.contains(name) else { throw FederationError.unknownHelper }
        return name
    }

    /// Returns when the name is on stable storage.
    package func set(_ name: String) async throws {
        guard Self.names.contains(name) else { throw FederationError.unknownHelper }
        _ = try await settings.put(["name": .string(Self.id), "value": .string(name)])
    }
}
