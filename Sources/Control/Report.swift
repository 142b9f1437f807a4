package import JSON

/// A report of a participant: the messages of the wire, each with the fields that the controller needs.
///
/// Reports arrive at least once; those with an id of their own are stored once.
package enum Report: Sendable {
    case modelUpdate(ModelUpdateReport)
    case validation(ValidationReport)
    case status(StatusReport)
    case metrics(MetricsReport)
    case attribute(AttributeReport)
    case telemetry(TelemetryReport)
    case activity(ActivityReport)
}

/// A trained model that a client has uploaded.
package struct ModelUpdateReport: Sendable {
    package let clientID: String
    package let correlationID: String
    /// The client's own id of the update: a second report with the same id is a duplicate.
    package let modelUpdateID: String
    /// The token of the complete upload that contains the update; it may already have been claimed.
    package let fileToken: String
    /// A JSON object; `training_metadata.num_examples` weights the update.
    package let meta: JSON

    package init(clientID: String, correlationID: String, modelUpdateID: String, fileToken: String, meta: JSON) {
        self.clientID = clientID
        self.correlationID = correlationID
        self.modelUpdateID = modelUpdateID
        self.fileToken = fileToken
        self.meta = meta
    }
}

/// A client's result of validating a model.
package struct ValidationReport: Sendable {
    package let clientID: String
    package let correlationID: String
    package let modelID: String
    package let sessionID: String?
    /// A string of JSON.
    package let data: String
    package let timestamp: Timestamp?

    package init(
        clientID: String,
        correlationID: String,
        modelID: String,
        sessionID: String?,
        data: String,
        timestamp: Timestamp? = nil
    ) {
        self.clientID = clientID
        self.correlationID = correlationID
        self.modelID = modelID
        self.sessionID = sessionID
        self.data = data
        self.timestamp = timestamp
    }
}

/// A line of a client's log.
package struct StatusReport: Sendable {
    package let clientID: String
    package let status: String
    /// `INFO`, `DEBUG`, `WARNING`, `ERROR` or `AUDIT`.
    package let logLevel: String
    /// For example `MODEL_UPDATE`.
    package let type: String?
    package let timestamp: Timestamp?

    package init(clientID: String, status: String, logLevel: String, type: String?, timestamp: Timestamp? = nil) {
        self.clientID = clientID
        self.status = status
        self.logLevel = logLevel
        self.type = type
        self.timestamp = timestamp
    }
}

/// Numbers a client measured; one document each.
package struct MetricsReport: Sendable {
    package let clientID: String
    package let modelID: String
    package let sessionID: String?
    package let roundID: String?
    package let step: Int?
    package let values: [(key: String, value: Double)]
    package let timestamp: Timestamp?

    package init(
        clientID: String,
        modelID: String,
        sessionID: String?,
        roundID: String?,
        step: Int?,
        values: [(key: String, value: Double)],
        timestamp: Timestamp? = nil
    ) {
        self.clientID = clientID
        self.modelID = modelID
        self.sessionID = sessionID
        self.roundID = roundID
        self.step = step
        self.values = values
        self.timestamp = timestamp
    }
}

/// An attribute of a client, as the client reports it.
package struct AttributeReport: Sendable {
    package let clientID: String
    /// The client's own id of the record; nil from clients that send none.
    package let attributeID: String?
    package let key: String
    package let value: String
    package let timestamp: Timestamp?

    package init(clientID: String, attributeID: String?, key: String, value: String, timestamp: Timestamp? = nil) {
        self.clientID = clientID
        self.attributeID = attributeID
        self.key = key
        self.value = value
        self.timestamp = timestamp
    }
}

/// A measurement of a client's machine.
package struct TelemetryReport: Sendable {
    package let clientID: String
    /// The client's own id of the record; nil from clients that send none.
    package let telemetryID: String?
    package let key: String
    /// A JSON object, `{"value":0.5}`.
    package let payload: JSON
    package let timestamp: Timestamp?

    package init(clientID: String, telemetryID: String?, key: String, payload: JSON, timestamp: Timestamp? = nil) {
        self.clientID = clientID
        self.telemetryID = telemetryID
        self.key = key
        self.payload = payload
        self.timestamp = timestamp
    }
}

/// The status of a client's task.
package struct ActivityReport: Sendable {
    package let clientID: String
    package let correlationID: String
    package let status: CommandStatus
    /// Whether the client has finished the task and will not report on it again.
    package let isDone: Bool
    package let response: JSON

    package init(
        clientID: String,
        correlationID: String,
        status: CommandStatus,
        isDone: Bool,
        response: JSON = .null
    ) {
        self.clientID = clientID
        self.correlationID = correlationID
        self.status = status
        self.isDone = isDone
        self.response = response
    }
}
