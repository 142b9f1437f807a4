/// How documents that FEDn 0.33 wrote become documents of a resource.
///
/// The rules that hold for every field are in ``Resource/migrated(_:keepingTimesUntil:)``; this has what differs between
/// resources. Source: FEDn 0.33's store code and a dump of its database.
package struct Migration: Sendable, Hashable {
    /// The name of FEDn's collection in MongoDB.
    package let collection: String
    /// Required fields that FEDn left empty: they are null, or a sender whose members are null.
    ///
    /// Only events may have them, because a document that can change is validated again.
    package let mayBeEmpty: Set<String>
    /// The field by which Ledge identifies a document where FEDn has another or no id; nil for the key itself.
    package let identity: String?
    /// Fields that only FEDn's queries used; they are dropped.
    let markers: Set<String>
    /// What becomes of the status of clients and sessions, of which none is connected or runs after a migration.
    let ending: Ending?

    /// The change of a status that is not true any more.
    struct Ending: Sendable, Hashable {
        let running: Set<String>
        let status: String
        let change: Adaptation.Change
    }

    fileprivate init(
        _ collection: String,
        mayBeEmpty: Set<String> = [],
        identity: String? = nil,
        markers: Set<String> = [],
        ending: Ending? = nil
    ) {
        self.collection = collection
        self.mayBeEmpty = mayBeEmpty
        self.identity = identity
        self.markers = markers
        self.ending = ending
    }
}

extension Resource {
    /// The table of migrations, by the name of the resource; `commands` are not in FEDn.
    package static let migrations: [String: Migration] = [
        "attributes": Migration("control.attributes", mayBeEmpty: ["sender"]),
        "clients": Migration(
            "network.clients",
            ending: .init(running: ["available", "online"], status: "offline", change: .setToOffline)
        ),
        // A combiner that is declared with this name replaces its address.
        "combiners": Migration("network.combiners", identity: "name"),
        "metrics": Migration("control.metrics", mayBeEmpty: ["value", "sender", "model_id"]),
        "models": Migration("control.model", identity: "model", markers: ["key"]),
        "packages": Migration("control.packages", markers: ["key"]),
        "rounds": Migration("control.rounds"),
        "runs": Migration("control.training_runs"),
        "sessions": Migration(
            "control.sessions",
            ending: .init(running: ["Started"], status: "Terminated", change: .setToTerminated)
        ),
        "statuses": Migration("control.status", mayBeEmpty: ["sender"]),
        "telemetry": Migration("control.telemetry", mayBeEmpty: ["sender"]),
        "validations": Migration("control.validations", mayBeEmpty: ["model_id"]),
    ]

    /// The resource that has this name in the API or in FEDn's database.
    package static func named(_ name: String) -> Resource? {
        all.first { $0.name == name || migrations[$0.name]?.collection == name }
    }
}

/// One change that an import made to a document.
package struct Adaptation: Sendable, Hashable {
    /// The kinds of changes; the text is for reports.
    package enum Change: String, Sendable, CaseIterable {
        /// The field had a spelling like `logLevel`.
        case renamed
        /// The value was of another kind and could be converted, such as a number as text.
        case converted
        /// The resource has no such field, or the value does not fit the field: it is a member of `extra`.
        case keptInExtra = "kept in extra"
        /// A required field has no value.
        case empty = "left empty"
        /// The time was in the future; the original is a member of `extra`.
        case setToNow = "set to the time of the import"
        /// FEDn's id is a member of `extra`.
        case replacedByName = "replaced by the name"
        case setToOffline = "set to offline"
        case setToTerminated = "set to Terminated, because a session does not continue after an import"
    }

    /// The path of the field as it was in the sent document.
    package let field: String
    package let change: Change

    package init(_ field: String, _ change: Change) {
        self.field = field
        self.change = change
    }
}
