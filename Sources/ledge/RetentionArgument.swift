internal import ArgumentParser
internal import Catalog
internal import Inspection
internal import Store

/// The retention of a collection of events, as a command-line argument.
///
/// Shape: `COLLECTION=RULE[,RULE]`, where a rule is `age:30d`, `bytes:10GiB` or `count:1000000`:
///
///     telemetry=age:30d,bytes:10GiB
struct RetentionArgument: Sendable, Hashable {
    enum Rule: Sendable, Hashable {
        case age(Duration)
        case bytes(Int64)
        case count(Int)
    }

    let collection: String
    let rules: [Rule]

    /// The collections that can have a retention: those to which documents are only added.
    static let collections = Resource.all.filter(\.isAppendOnly).map(\.name).sorted()

    private static let secondsOfUnits: [Character: Int64] = [
        "s": 1, "m": 60, "h": 3_600, "d": 86_400, "y": 365 * 86_400,
    ]
    /// The longest age, a thousand years; a longer one is probably a typing error.
    private static let secondCountMax: Int64 = 1_000 * 365 * 86_400

    /// - Throws: `ValidationError` if the text is malformed.
    init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ArgumentParser.ValidationError("it must be COLLECTION=RULE[,RULE], such as telemetry=age:30d")
        }
        guard Self.collections.contains(parts[0]) else {
            throw ArgumentParser.ValidationError(
                "'\(parts[0])' has no retention; collections of events are \(Self.collections.joined(separator: ", "))"
            )
        }
        collection = parts[0]
        rules = try parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
            try Self.rule(String($0))
        }
    }

    private static func rule(_ text: String) throws -> Rule {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.last) {
        case ("age", let age?) where parts.count == 2: if let age = duration(age) { return .age(age) }
        case ("bytes", let size?) where parts.count == 2:
            if let size = ByteCount(parsing: size), size.bytes > 0 { return .bytes(size.bytes) }
        case ("count", let count?) where parts.count == 2:
            if let count = Int(count), count > 0 { return .count(count) }
        default: break
        }
        throw ArgumentParser.ValidationError(
            "'\(text)' is not a rule; write age:30d (s, m, h, d, y), bytes:10GiB or count:1000000"
        )
    }

    /// Parses a positive whole number and a unit, such as `90d`; nil for zero and for more than a thousand years.
    static func duration(_ text: String) -> Duration? {
        guard let unit = text.last.flatMap({ secondsOfUnits[$0] }), let number = Int64(text.dropLast()) else {
            return nil
        }
        let (seconds, isTooLong) = number.multipliedReportingOverflow(by: unit)
        guard !isTooLong, (1...secondCountMax).contains(seconds) else { return nil }
        return .seconds(seconds)
    }
}

extension [RetentionArgument] {
    /// The combined retention of each collection; of several rules of one kind the last is used.
    var retention: [String: Retention] {
        var all: [String: Retention] = [:]
        for argument in self {
            for rule in argument.rules {
                switch rule {
                case .age(let age): all[argument.collection, default: Retention()].ageMax = age
                case .bytes(let count): all[argument.collection, default: Retention()].byteCountMax = count
                case .count(let count): all[argument.collection, default: Retention()].documentCountMax = count
                }
            }
        }
        return all
    }
}
