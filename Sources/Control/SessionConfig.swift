internal import JSON

/// The configuration of a session, read from `session_config`, in which the resource has set the defaults.
struct SessionConfig: Sendable {
    /// The whole object, which is copied into every round's `round_config`.
    var object: JSONObject

    var aggregator: String { object["aggregator"]?.string ?? Aggregation.names[0] }
    var roundCount: Int { integer("rounds") ?? 5 }
    /// Seconds; negative for no limit.
    var roundTimeout: Int { integer("round_timeout") ?? 180 }
    var bufferSize: Int { integer("buffer_size") ?? -1 }
    var clientsRequired: Int { max(1, integer("clients_required") ?? 1) }
    var seedModelID: String { object["model_id"]?.string ?? "" }
    /// Whether updates are deleted after they were averaged; models are kept in any case.
    var deletesUpdates: Bool { object["delete_models_storage"]?.bool ?? true }
    var validates: Bool { object["validate"]?.bool ?? true }
    var acceptsStragglers: Bool { object["accept_stragglers"]?.bool ?? false }
    var helper: String { object["helper_type"]?.string ?? "numpyhelper" }
    var serverFunctions: String? { object["server_functions"]?.string }

    private func integer(_ name: String) -> Int? {
        object[name]?.int.map { Int($0) }
    }
}
