internal import Catalog
package import JSON
package import Store

/// The documents of sessions; the controller runs them.
package struct Sessions: Sendable {
    /// Longest `server_functions`, in bytes.
    private static let serverFunctionsByteCountMax = 256 << 10

    private let documents: ResourceCollection
    private let helper: ActiveHelper

    init(store: Store, helper: ActiveHelper) {
        documents = ResourceCollection(.sessions, of: store)
        self.helper = helper
    }

    package func create(_ session: JSONObject) async throws -> Document {
        try await documents.create(completed(session))
    }

    /// Changes the given fields of a session, also those within `session_config`.
    package func change(_ id: String, _ fields: JSONObject) async throws -> Document {
        try Self.checkValues(of: fields["session_config"])
        return try await documents.change(id, fields, check: Self.checkStatus)
    }

    package func replace(_ id: String, by session: JSONObject) async throws -> Document {
        try await documents.replace(id, by: completed(session), check: Self.checkStatus)
    }

    /// Refuses any status but terminated for a session that was started: the controller decides how it ends.
    @Sendable private static func checkStatus(_ old: JSONObject, _ new: JSONObject) throws(ValidationError) {
        guard old["status"] == "Started", new["status"] != "Started", new["status"] != "Terminated" else { return }
        throw .immutableField("status")
    }

    /// Sets the helper to the active one if the session has none, and refuses Python code over the limit.
    private func completed(_ session: JSONObject) throws -> JSONObject {
        guard case .object(var configuration)? = session["session_config"] else { return session }
        try Self.checkValues(of: session["session_config"])
        if case .null = configuration["helper_type"] ?? .null {
            configuration["helper_type"] = .string(try helper.name())
        }
        if let source = configuration["server_functions"]?.string, source.utf8.count > Self.serverFunctionsByteCountMax
        {
            throw ValidationError.malformedField(
                "session_config.server_functions",
                expected: "at most \(Self.serverFunctionsByteCountMax) bytes long"
            )
        }
        var session = session
        session["session_config"] = .object(configuration)
        return session
    }

    /// Refuses values with which no session could run, as FEDn does.
    private static func checkValues(of configuration: JSON?) throws(ValidationError) {
        guard let configuration else { return }
        try Resource.sessionConfig.checkRules(of: configuration, as: "session_config")
    }
}
