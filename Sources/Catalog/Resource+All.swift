internal import JSON

extension Resource {
    /// Every resource, in the order the API documentation lists them.
    package static let all: [Resource] = [
        attributes, clients, combiners, statuses, rounds, runs, sessions, metrics, telemetry, models, packages,
        validations, commands,
    ]

    /// Attributes that a node reports, by key; the newest per key is the current one.
    ///
    /// FEDn names the node in `sender`, the official client in `entity_id`: each is filled from the other.
    /// The official client 1.0 filters by `node_id`.
    package static let attributes = Resource(
        name: "attributes",
        key: "attribute_id",
        operations: [.readable, .create, .ingest],
        isAppendOnly: true,
        fields: [
            .required("key", .string, .postings),
            .required("value", .string, .postings),
            .optional("timestamp", .timestamp),
            .optional("entity_id", .string, .postings, from: "sender.client_id", "sender.combiner_id"),
            .required("sender", .nodeRef, .postings, from: "entity_id"),
        ],
        aliases: ["node_id": "entity_id", "client_id": "sender.client_id", "combiner_id": "sender.combiner_id"]
    )

    /// The registered edge clients.
    package static let clients = Resource(
        name: "clients",
        key: "client_id",
        operations: .readable,
        fields: [
            .required("name", .string, .postings),
            .optional("combiner", .string, .postings),
            .optional("combiner_preferred", .string),
            .optional("ip", .string),
            .optional("status", .string, .postings),
            .optional("last_seen", .timestamp, .ordered),
            .optional("package", .string),
            .optional("client_version", .string),
        ]
    )

    /// The combiners edge clients connect to; declared when the server starts, and changed by the operator.
    ///
    /// `public_hostname` may carry a port of its own: `edge.example.com:443`.
    package static let combiners = Resource(
        name: "combiners",
        key: "combiner_id",
        operations: [.readable, .delete],
        fields: [
            .required("name", .string, .postings),
            .optional("address", .string, .postings),
            .optional("fqdn", .string),
            .optional("ip", .string, .postings),
            .optional("parent", .string),
            .optional("port", .integer),
            .optional("internal_hostname", .string),
            .optional("public_hostname", .string),
            .optional("grpc_secure", .bool, default: false),
        ],
        mutableFields: ["internal_hostname", "public_hostname"]
    )

    /// The models, each a document and one blob.
    ///
    /// `model` repeats the id for clients before 1.1; `checksum` is the SHA-256 of the `file_size` bytes in `blob_id`.
    package static let models = Resource(
        name: "models",
        key: "model_id",
        operations: [.readable, .change],
        fields: [
            .optional("model", .string),
            .optional("name", .string, .postings),
            .optional("parent_model", .string, .postings),
            .optional("session_id", .string, .postings),
            .required("helper", .string, .postings),
            .required("file_name", .string),
            .required("file_size", .integer),
            .required("checksum", .string, .postings),
            .required("blob_id", .string, .postings),
            .object("contents", members: modelContents).missingInOlderDocuments,
        ],
        mutableFields: ["name"],
        blob: .permanent("blob_id")
    )

    /// What a model's file shows; null where it is not known.
    private static let modelContents: [Field] = [
        .optional("format", .string),
        .optional("array_count", .integer),
        .optional("parameter_count", .integer),
        .optional("dtypes", .json),
        .optional("arrays", .json),
        .optional("averageable", .bool),
        .optional("reason", .string),
    ]

    /// What clients, combiners and the controller report, as a log.
    package static let statuses = Resource(
        name: "statuses",
        key: "status_id",
        operations: [.readable, .create, .ingest],
        isAppendOnly: true,
        fields: [
            .optional("status", .string),
            .optional("timestamp", .timestamp),
            .optional("log_level", .string, .postings),
            .optional("type", .string, .postings),
            .optional("data", .json),
            .optional("correlation_id", .string, .postings),
            .optional("extra", .json),
            .optional("session_id", .string, .postings),
            .required("sender", .nodeRef, .postings),
        ],
        insistsOnSenders: true,
        aliases: ["client_id": "sender.client_id", "combiner_id": "sender.combiner_id"]
    )

    /// Measurements of a node, such as its processor load; kept, where FEDn deletes them after five minutes.
    ///
    /// FEDn sends `value` and `sender`, the reference `client_id` with `meta` or `payload`.
    package static let telemetry = Resource(
        name: "telemetry",
        key: "telemetry_id",
        operations: [.readable, .create, .ingest],
        isAppendOnly: true,
        fields: [
            .required("key", .string, .postings),
            .optional("value", .number, from: "payload.value", "meta.value"),
            .optional("payload", .json),
            .optional("meta", .object),
            .optional("timestamp", .timestamp),
            .optional("client_id", .string, .postings, from: "sender.client_id"),
            .optional("session_id", .string, .postings),
            .required("sender", .nodeRef, .postings, from: "client_id"),
        ]
    )
}
