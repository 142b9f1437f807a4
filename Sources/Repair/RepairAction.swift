internal import Disk
package import JSON
internal import SegmentLog

/// One step of a repair, or damage that it cannot repair, described for the operator.
package struct RepairAction: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case log(LogRepair.Step)
        case makeIdentity(isMissing: Bool)
        case removeIndex(reason: Corruption.Reason)
        case leave(Corruption)
    }

    package let path: String
    let kind: Kind

    init(_ path: String, _ kind: Kind) {
        self.path = path
        self.kind = kind
    }

    init(_ step: LogRepair.Step) {
        self.init(step.path, .log(step))
    }

    /// Whether only a backup has the bytes.
    package var isBeyondRepair: Bool {
        if case .leave = kind { true } else { false }
    }

    /// Shape: `data/collections/clients/….jsonl: restore 1 bit, at byte 12`.
    package var description: String { "\(path): \(text)" }

    /// The action, in a few words.
    package var text: String {
        switch kind {
        case .log(.restoreBits(_, let offsets)):
            "restore \(offsets.count) \(offsets.count == 1 ? "bit" : "bits"), at \(Self.places(offsets.map { "byte \($0)" }))"
        case .log(.salvage(_, 0, let damage)):
            "remove the segment, none of its records can be read: \(Self.places(damage.map(Self.reason)))"
        case .log(.salvage(_, let keptCount, let damage)):
            "rewrite the segment with the \(keptCount) records that can be read: "
                + Self.places(damage.map(Self.reason))
        case .log(.seal): "compress the segment, which is not damaged, because one after it is rewritten"
        case .log(.relist(_, let damage)):
            "rebuild the list of segments from their records: \(Self.places(damage.map(Self.reason)))"
        case .log(.remove): "remove the file: its records are in other files, or it has none"
        case .makeIdentity(let isMissing):
            "recreate the file with another instance id: it \(isMissing ? "is missing" : "does not match its checksum")"
        case .removeIndex(let reason): "remove the index, which the next start rebuilds: \(reason)"
        case .leave(let violation):
            "at byte \(violation.offset): \(violation.reason); only a backup has these bytes"
        }
    }

    /// Shape: `{"file":…,"action":"turn_back","text":…}`; the actions are `turn_back`, `salvage`, `seal`, `relist`,
    /// `remove`, `make_identity`, `remove_index` and `none`.
    package var json: JSON {
        let name =
            switch kind {
            case .log(.restoreBits): "turn_back"
            case .log(.salvage): "salvage"
            case .log(.seal): "seal"
            case .log(.relist): "relist"
            case .log(.remove): "remove"
            case .makeIdentity: "make_identity"
            case .removeIndex: "remove_index"
            case .leave: "none"
            }
        return ["file": .string(path), "action": .string(name), "text": .string(text)]
    }

    private static let shownCountMax = 5

    private static func places(_ all: [String]) -> String {
        let shown = all.prefix(shownCountMax).joined(separator: "; ")
        return all.count > shownCountMax ? "\(shown); and \(all.count - shownCountMax) more" : shown
    }

    private static func reason(_ corruption: Corruption) -> String {
        corruption.offset > 0 ? "at \(corruption.offset), \(corruption.reason)" : "\(corruption.reason)"
    }
}
