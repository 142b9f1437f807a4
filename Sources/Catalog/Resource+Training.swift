internal import JSON

// The results of a training session: the session, its runs and rounds, the measurements of participants, and the commands
// that were sent. Source: the documents of a real session, docs/API.md, "Sessions".

extension Resource {
    /// A training configuration and its lifecycle: `Created`, `Started`, then `Finished` or `Terminated`.
    package static let sessions = Resource(
        name: "sessions",
        key: "session_id",
        operations: .readable,
        fields: [
            .optional("name", .string, .postings),
            .optional("description", .string),
            .optional("status", .string, .postings, default: "Created"),
            .optional("seed_model_id", .string, .postings, from: "session_config.model_id"),
            .object("session_config", isRequired: true, members: sessionConfig),
        ]
    )

    /// How a session trains.
    ///
    /// The defaults are what the official client sends. `round_timeout` is in seconds; a `buffer_size` of -1 waits for every selected client.
    package static let sessionConfig: [Field] = [
        .optional("aggregator", .string, default: "fedavg").requiring(.notEmpty),
        .optional("aggregator_kwargs", .json),
        .optional("rounds", .integer, default: 5),
        .optional("round_timeout", .integer, default: 180).requiring(.positive(unit: " second")),
        .optional("buffer_size", .integer, default: -1).requiring(.positiveOrMinusOne(for: "every selected client")),
        .required("model_id", .string, .postings).requiring(.notEmpty),
        .optional("delete_models_storage", .bool, default: true),
        .optional("clients_required", .integer, default: 1).requiring(.positive()),
        .optional("requested_clients", .integer, default: 8),
        .optional("validate", .bool, default: true).requiring(.notNull),
        .optional("helper_type", .string, default: "numpyhelper").requiring(.notEmpty),
        .optional("server_functions", .string),
        .optional("accept_stragglers", .bool, default: false),
    ]

    /// One pass of the network over the model: `Pending`, `Success`, then `Finished`; or `Failed`, or `Terminated`.
    ///
    /// `round_id` is a decimal string that counts all rounds of all sessions; it sorts as a number.
    package static let rounds = Resource(
        name: "rounds",
        key: "round_id",
        operations: .readable,
        fields: [
            .optional("status", .string, .postings, default: "Pending"),
            .object(
                "round_config",
                members: sessionConfig + [
                    .optional("session_id", .string, .postings),
                    .optional("round_id", .string),
                    .optional("task", .string, default: "training"),
                    .optional("client_settings", .object),
                    .optional("is_sl_inference", .bool, default: false),
                    .optional("selected_clients", .json),
                ]
            ),
            .optional("round_data", .object),
            .optional("combiners", .json, default: []),
        ]
    )

    /// One start of a session: `rounds` rounds from `model_id` on.
    ///
    /// `completed_at` is null until it is done.
    package static let runs = Resource(
        name: "runs",
        key: "run_id",
        operations: .readable,
        fields: [
            .optional("session_id", .string, .postings),
            .optional("status", .string, .postings),
            .optional("model_id", .string, .postings),
            .optional("completed_at_model_id", .string),
            .required("round_timeout", .integer),
            .optional("rounds", .integer),
            .optional("completed_at", .timestamp),
        ]
    )

    /// One number a participant measured at one step of a model.
    package static let metrics = Resource(
        name: "metrics",
        key: "metric_id",
        operations: [.readable, .ingest],
        isAppendOnly: true,
        fields: [
            .required("key", .string, .postings),
            .required("value", .number),
            .optional("timestamp", .timestamp),
            .required("sender", .nodeRef, .postings),
            .required("model_id", .string, .postings),
            .optional("step", .integer, .postings),
            .optional("round_id", .string, .postings),
            .optional("session_id", .string, .postings),
        ],
        aliases: ["model_step": "step", "client_id": "sender.client_id", "combiner_id": "sender.combiner_id"]
    )

    /// A participant's results of validating a model; `data` is a string of JSON, as clients expect.
    ///
    /// `node_id` repeats the id of the sender, which programs of the 1.1 package read.
    package static let validations = Resource(
        name: "validations",
        key: "validation_id",
        operations: .readable,
        isAppendOnly: true,
        fields: [
            .required("model_id", .string, .postings),
            .optional("session_id", .string, .postings),
            .optional("correlation_id", .string, .postings),
            .optional("data", .string),
            .optional("timestamp", .timestamp),
            .optional("meta", .string),
            .optional("sender", .nodeRef, .postings),
            .optional("node_id", .string, .postings, from: "sender.client_id", "sender.combiner_id")
                .missingInOlderDocuments,
            .optional("receiver", .nodeRef),
        ]
    )

    /// The code that clients run: a document and one blob, an archive; one package is active.
    ///
    /// `checksum` is the SHA-256 of the `file_size` bytes in `blob_id`.
    package static let packages = Resource(
        name: "packages",
        key: "package_id",
        operations: .readable,
        fields: [
            .required("name", .string, .postings),
            .optional("description", .string, default: ""),
            .required("file_name", .string, .postings),
            .required("storage_file_name", .string, .postings),
            .required("helper", .string),
            .optional("active", .bool, .postings, default: false),
            .required("file_size", .integer),
            .required("checksum", .string, .postings),
            .required("blob_id", .string, .postings),
        ],
        blob: .permanent("blob_id")
    )

    /// A command to the network: a root command, or its task for one client.
    ///
    /// A root has no `parent_correlation_id`; a task names its root there, and its client.
    package static let commands = Resource(
        name: "commands",
        key: "correlation_id",
        operations: .readable,
        fields: [
            .optional("parent_correlation_id", .string, .postings),
            .required("command_type", .string, .postings),
            .optional("status", .string, .postings, default: "CREATED"),
            .optional("client_id", .string, .postings),
            .optional("session_id", .string, .postings),
            .optional("round_id", .string, .postings),
            .optional("model_id", .string, .postings),
            .optional("parameters", .json),
            .optional("response", .json),
            .optional("timeout", .number),
            .optional("started_at", .timestamp),
            .optional("completed_at", .timestamp),
        ],
        blob: .temporary("response.file_token")
    )
}
