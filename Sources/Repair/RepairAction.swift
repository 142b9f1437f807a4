internal import Disk
package import JSON
internal import SegmentLog

/// One thing that a repair does, or leaves, in words for the operator.
package struct RepairAction: Sendable, Hashable {
    /// What is done.
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
        switch step {
        case .turnBack(let path, _), .salvage(let path, _, _), .seal(let path), .relist(let path, _), .remove(let path):
            self.init(path, .log(step))
        }
    }

    /// Whether nothing can be done about it here.
    package var isBeyondRepair: Bool {
        if case .leave = kind { true } else { false }
    }

    /// Shape: `data/collections/clients/….jsonl: turn back 1 bit, at byte 12`.
    package var description: String { "\(path): \(text)" }

    /// What is done, in a few words.
    package var text: String {
        switch kind {
        case .log(.turnBack(_, let offsets)):
            "turn back \(offsets.count) \(offsets.count == 1 ? "bit" : "bits"), at \(Self.places(offsets.map { "byte \($0)" }))"
        case .log(.salvage(_, 0, let damage)):
            "take out the segment, nothing of it can be read: \(Self.places(damage.map(Self.reason)))"
        case .log(.salvage(_, let keptCount, let damage)):
            "write the segment again with the \(keptCount) records that can be read: "
                + Self.places(damage.map(Self.reason))
        case .log(.seal): "compress the segment, which is whole; one behind it is written again"
        case .log(.relist(_, let damage)):
            "list the segments anew, by what they hold: \(Self.places(damage.map(Self.reason)))"
        case .log(.remove): "take the file out, its records stand in others or it has none"
        case .makeIdentity(let isMissing):
            "make the file anew, with another instance id: it \(isMissing ? "is missing" : "does not verify")"
        case .removeIndex(let reason): "remove the index, the next start makes it again: \(reason)"
        case .leave(let violation):
            "at byte \(violation.offset): \(violation.reason); only a backup has what was here"
        }
    }

    /// Shape: `{"file":…,"action":"turn_back","text":…}`; the actions are `turn_back`, `salvage`, `seal`, `relist`,
    /// `remove`, `make_identity`, `remove_index` and `none`.
    package var json: JSON {
        let name =
            switch kind {
            case .log(.turnBack): "turn_back"
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
