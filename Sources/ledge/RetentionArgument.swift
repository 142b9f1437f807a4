internal import ArgumentParser
internal import Catalog
internal import Control
internal import Inspection
internal import Store

/// The retention of a collection of events, of models or of packages, as a command-line argument.
///
/// Shape: `COLLECTION=RULE[,RULE]`, where a rule is `age:30d`, `bytes:10GiB` or `count:1000000`. Models and packages have
/// `count` only, and models also `keep-ancestors`:
///
///     telemetry=age:30d,bytes:10GiB
///     models=count:20,keep-ancestors
struct RetentionArgument: Sendable, Hashable {
    enum Rule: Sendable, Hashable {
        case age(Duration)
        case bytes(Int64)
        case count(Int)
        case keepAncestors
    }

    let collection: String
    let rules: [Rule]

    /// The collections of events.
    static let events = Resource.all.filter(\.isAppendOnly).map(\.name).sorted()

    private static let secondsOfUnits: [Character: Int64] = [
        "s": 1, "m": 60, "h": 3_600, "d": 86_400, "y": 365 * 86_400,
    ]
    /// The longest age, a thousand years; a longer one is probably a typing error.
    private static let secondCountMax: Int64 = 1_000 * 365 * 86_400

    /// - Throws: `ValidationError` if the text is malformed, or a rule is not one of the collection.
    init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ArgumentParser.ValidationError("it must be COLLECTION=RULE[,RULE], such as telemetry=age:30d")
        }
        guard let examples = Self.examples(of: parts[0]) else {
            throw ArgumentParser.ValidationError(
                "'\(parts[0])' has no retention; models, packages and the collections of events have: "
                    + Self.events.joined(separator: ", ")
            )
        }
        collection = parts[0]
        rules = try parts[1].split(separator: ",", omittingEmptySubsequences: false).map {
            guard let rule = Self.rule(String($0)), Self.applies(rule, to: parts[0]) else {
                throw ArgumentParser.ValidationError("'\($0)' is not a rule of \(parts[0]); write \(examples)")
            }
            return rule
        }
        guard rules != [.keepAncestors] else {
            throw ArgumentParser.ValidationError("keep-ancestors needs a number of models; write \(examples)")
        }
    }

    /// The rules that a collection can have, for messages; nil if it can have none.
    private static func examples(of collection: String) -> String? {
        switch collection {
        case Resource.models.name: "count:20 or count:20,keep-ancestors"
        case Resource.packages.name: "count:5"
        default: events.contains(collection) ? "age:30d (s, m, h, d, y), bytes:10GiB or count:1000000" : nil
        }
    }

    private static func applies(_ rule: Rule, to collection: String) -> Bool {
        switch rule {
        case .age, .bytes: events.contains(collection)
        case .count: true
        case .keepAncestors: collection == Resource.models.name
        }
    }

    /// Parses one rule; nil if it is malformed.
    private static func rule(_ text: String) -> Rule? {
        if text == "keep-ancestors" { return .keepAncestors }
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "age": return duration(parts[1]).map(Rule.age)
        case "bytes": return ByteCount(parsing: parts[1]).flatMap { $0.bytes > 0 ? .bytes($0.bytes) : nil }
        case "count": return Int(parts[1]).flatMap { $0 > 0 ? .count($0) : nil }
        default: return nil
        }
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
    /// The combined retention of each collection of events; of several rules of one kind the last is used.
    var events: [String: Retention] {
        var all: [String: Retention] = [:]
        for argument in self where RetentionArgument.events.contains(argument.collection) {
            for rule in argument.rules {
                switch rule {
                case .age(let age): all[argument.collection, default: Retention()].ageMax = age
                case .bytes(let count): all[argument.collection, default: Retention()].byteCountMax = count
                case .count(let count): all[argument.collection, default: Retention()].documentCountMax = count
                case .keepAncestors: break
                }
            }
        }
        return all
    }

    /// The retention of models; nil if all are kept.
    var models: ModelRetention? {
        count(of: .models).map { count in
            let rules = filter { $0.collection == Resource.models.name }.flatMap(\.rules)
            return ModelRetention(countMax: count, keepsAncestors: rules.contains(.keepAncestors))
        }
    }

    /// The number of packages to keep; nil for all.
    var packageCountMax: Int? { count(of: .packages) }

    private func count(of resource: Resource) -> Int? {
        filter { $0.collection == resource.name }.flatMap(\.rules).reduce(nil) { last, rule in
            if case .count(let count) = rule { count } else { last }
        }
    }
}
