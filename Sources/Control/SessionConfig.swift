internal import JSON

/// How a session trains, read from `session_config`; the resource has filled in what its writer left out.
struct SessionConfig: Sendable {
    /// The object itself, which every round's `round_config` repeats.
    var object: JSONObject

    var aggregator: String { object["aggregator"]?.string ?? Aggregation.names[0] }
    var roundCount: Int { integer("rounds") ?? 5 }
    /// Seconds; negative for no limit.
    var roundTimeout: Int { integer("round_timeout") ?? 180 }
    var bufferSize: Int { integer("buffer_size") ?? -1 }
    var clientsRequired: Int { max(1, integer("clients_required") ?? 1) }
    var seedModelID: String { object["model_id"]?.string ?? "" }
    /// Whether updates go once they are averaged; models stay in any case.
    var deletesUpdates: Bool { object["delete_models_storage"]?.bool ?? true }
    var validates: Bool { object["validate"]?.bool ?? true }
    var acceptsStragglers: Bool { object["accept_stragglers"]?.bool ?? false }
    var helper: String { object["helper_type"]?.string ?? "numpyhelper" }
    var serverFunctions: String? { object["server_functions"]?.string }

    private func integer(_ name: String) -> Int? {
        object[name]?.int.map { Int($0) }
    }
}
