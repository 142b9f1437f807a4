internal import Federation
internal import Index
internal import JSON
internal import Store

/// Storing reports as documents.
extension Records {
    func take(_ report: ValidationReport) async throws {
        // The message has no id, and each task has one result.
        let isKnown = try validations.count([
            Condition("correlation_id", .exactly(report.correlationID)),
            Condition("sender.client_id", .exactly(report.clientID)),
        ])
        guard isKnown == 0 else { return }
        try await validations.insert([
            "model_id": .string(report.modelID),
            "session_id": JSON(report.sessionID),
            "correlation_id": .string(report.correlationID),
            "data": .string(report.data),
            "timestamp": JSON(report.timestamp),
            "sender": ["client_id": .string(report.clientID)],
        ])
    }

    func take(_ report: StatusReport) async throws {
        try await statuses.insert([
            "status": .string(report.status),
            "timestamp": JSON(report.timestamp),
            "log_level": .string(report.logLevel),
            "type": JSON(report.type),
            "sender": ["client_id": .string(report.clientID)],
        ])
    }

    /// Stores one document for each number; NaN and infinities, which JSON does not have, are left out.
    func take(_ report: MetricsReport) async throws {
        for (key, value) in report.values where value.isFinite {
            try await metrics.insert([
                "key": .string(key),
                "value": JSON(value),
                "timestamp": JSON(report.timestamp),
                "sender": ["client_id": .string(report.clientID)],
                "model_id": .string(report.modelID),
                "step": report.step.map { JSON($0) } ?? .null,
                "round_id": JSON(report.roundID),
                "session_id": JSON(report.sessionID),
            ])
        }
    }

    func take(_ report: AttributeReport) async throws {
        try await attributes.insertOnce([
            "attribute_id": JSON(report.attributeID),
            "key": .string(report.key),
            "value": .string(report.value),
            "timestamp": JSON(report.timestamp),
            "entity_id": .string(report.clientID),
            "sender": ["client_id": .string(report.clientID)],
        ])
    }

    func take(_ report: TelemetryReport) async throws {
        try await telemetry.insertOnce([
            "telemetry_id": JSON(report.telemetryID),
            "key": .string(report.key),
            "payload": report.payload,
            "timestamp": JSON(report.timestamp),
            "client_id": .string(report.clientID),
            "sender": ["client_id": .string(report.clientID)],
        ])
    }
}

extension ResourceCollection {
    /// Changes fields of a document of the controller's own; does nothing where it was lost.
    func update(_ id: String, _ fields: JSONObject) async throws {
        do { try await change(id, fields) } catch StoreError.notFound {}
    }

    /// Stores a document whose id its sender has chosen; a second one with the same id is a duplicate and ignored.
    fileprivate func insertOnce(_ object: JSONObject) async throws {
        do { try await insert(object) } catch StoreError.alreadyExists {}
    }
}
