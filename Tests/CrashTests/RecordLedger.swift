/// What a run asked of a collection and what it was promised, document by document.
struct RecordLedger {
    /// What may stand under an id.
    enum Version: Hashable {
        case absent
        /// The document whose `version` member is this number.
        case number(Int)
    }

    /// What was acknowledged last, with the bytes that were returned.
    private(set) var acknowledged: [String: Version] = [:]
    private(set) var acknowledgedBytes: [String: [UInt8]] = [:]
    /// What was asked for and neither acknowledged nor refused: it may have happened.
    private(set) var undecided: [String: Set<Version>] = [:]

    mutating func attempt(_ id: String, _ version: Version) {
        undecided[id, default: []].insert(version)
    }

    /// The call has returned.
    mutating func acknowledge(_ id: String, _ version: Version, _ bytes: [UInt8]?) {
        acknowledged[id] = version
        acknowledgedBytes[id] = bytes
        undecided[id] = nil
    }

    /// The call has thrown an error that says it had no effect.
    mutating func refuse(_ id: String, _ version: Version) {
        undecided[id]?.remove(version)
    }

    /// What a reopened collection may have under an id.
    func allowed(_ id: String) -> Set<Version> {
        undecided[id, default: []].union([acknowledged[id] ?? .absent])
    }

    /// The highest version that was ever tried of an id.
    func lastVersion(of id: String) -> Int? {
        allowed(id).compactMap { if case .number(let version) = $0 { version } else { nil } }.max()
    }

    var ids: Set<String> { Set(acknowledged.keys).union(undecided.keys) }
}

/// A promise that was not kept.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
