internal import Catalog
internal import JSON

/// Counts the documents of an import that were adapted, and the kinds of changes.
///
/// A class, because the closure that prepares documents adds to it.
final class AdaptationCounts {
    /// The result of an import.
    struct Summary {
        fileprivate(set) var documentCount = 0
        fileprivate(set) var changes: [Adaptation: Int] = [:]
    }

    /// The maximum number of different kinds; the fields of further ones are counted together.
    private static let kindCountMax = 100

    private(set) var summary = Summary()
    private var number = 0
    /// The changes to documents that are not stored yet, by the documents' numbers.
    private var waiting: [Int: [Adaptation]] = [:]

    /// Begins a document.
    func begin(_ number: Int) {
        self.number = number
    }

    /// Adds the changes to the document that was begun.
    func add(_ adaptations: [Adaptation]) {
        if !adaptations.isEmpty { waiting[number] = adaptations }
    }

    /// Counts the documents of a group, except the refused ones.
    func end(except refused: Set<Int>) {
        for (number, adaptations) in waiting where !refused.contains(number) {
            summary.documentCount += 1
            for adaptation in adaptations {
                let isCounted = summary.changes[adaptation] != nil || summary.changes.count < Self.kindCountMax
                summary.changes[isCounted ? adaptation : Adaptation("…", adaptation.change), default: 0] += 1
            }
        }
        waiting = [:]
    }
}

extension AdaptationCounts.Summary {
    /// The kinds of changes and how many documents have them, in the order of the fields.
    private var sorted: [(key: Adaptation, value: Int)] {
        changes.sorted { ($0.key.field, $0.key.change.rawValue) < ($1.key.field, $1.key.change.rawValue) }
    }

    /// Shape: `adapted: 12 documents`, then a line for each kind, `  logLevel: renamed (12)`; empty without any.
    var lines: [String] {
        guard documentCount > 0 else { return [] }
        return ["adapted: \(documentCount) documents"]
            + sorted.map { "  \($0.key.field): \($0.key.change.rawValue) (\($0.value))" }
    }

    /// Shape: `{"documents":12,"changes":[{"field":"logLevel","change":"renamed","documents":12}]}`.
    var json: JSON {
        let changes = sorted.map { adaptation, count in
            JSON.object([
                "field": .string(adaptation.field), "change": .string(adaptation.change.rawValue),
                "documents": JSON(count),
            ])
        }
        return ["documents": JSON(documentCount), "changes": .array(changes)]
    }
}
