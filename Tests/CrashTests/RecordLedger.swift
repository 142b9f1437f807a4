/// The attempts of a run on a collection and their acknowledgements, for each document.
struct RecordLedger {
    /// A possible version of a document.
    enum Version: Hashable {
        case absent
        /// The document whose `version` member is this number.
        case number(Int)
    }

    /// The last acknowledged version of each document.
    private(set) var acknowledged: [String: Version] = [:]
    private(set) var acknowledgedBytes: [String: [UInt8]] = [:]
    /// Attempts that were neither acknowledged nor refused: they may have had an effect.
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

    /// The call has thrown an error after which it had no effect.
    mutating func refuse(_ id: String, _ version: Version) {
        undecided[id]?.remove(version)
    }

    /// Returns the versions that a reopened collection may have of a document.
    func allowed(_ id: String) -> Set<Version> {
        undecided[id, default: []].union([acknowledged[id] ?? .absent])
    }

    /// Returns the highest version that was attempted for an id.
    func lastVersion(of id: String) -> Int? {
        allowed(id).compactMap { if case .number(let version) = $0 { version } else { nil } }.max()
    }

    var ids: Set<String> { Set(acknowledged.keys).union(undecided.keys) }
}

/// A broken promise.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
