internal import Catalog
internal import Inspection
internal import JSON

/// The results of an import, as lines or as JSON.
struct ImportSummary {
    /// The result for one collection.
    struct Part {
        let name: String
        let run: ImportRun
    }

    let isDump: Bool
    let isDryRun: Bool
    let skipped: [ImportPlan.Skipped]
    private(set) var parts: [Part] = []
    var seconds = 0.0

    init(of plan: ImportPlan, isDryRun: Bool) {
        isDump = plan.isDump
        skipped = plan.skipped
        self.isDryRun = isDryRun
    }

    mutating func add(_ run: ImportRun, of resource: Resource) {
        parts.append(Part(name: resource.name, run: run))
    }

    var refusedCount: Int { parts.reduce(0) { $0 + $1.run.refusedCount } }

    /// Whether the files had no document at all.
    var isEmpty: Bool { parts.allSatisfy { $0.run.importedCount + $0.run.existingCount + $0.run.refusedCount == 0 } }

    /// A line for one collection, a table for a dump; then the adaptations of each collection.
    var lines: [String] {
        guard isDump else { return parts.flatMap { [line(for: $0)] + $0.run.adaptations.lines } }
        var table = TextTable([
            .left("collection"), .right(isDryRun ? "would be imported" : "imported"), .right("existing"),
            .right("refused"), .right("adapted"),
        ])
        for part in parts {
            let counts = [part.run.importedCount, part.run.existingCount, part.run.refusedCount]
            table.add([part.name] + counts.map(String.init) + ["\(part.run.adaptations.documentCount)"])
        }
        return table.text.split(separator: "\n").map(String.init)
            + parts.flatMap { part in part.run.adaptations.lines.map { "\(part.name): \($0)" } }
    }

    /// Shape: `telemetry: 12000 imported, 3 refused, 34 MiB in 1.2 s`.
    private func line(for part: Part) -> String {
        let verb = isDryRun ? "would be imported" : "imported"
        let refused = part.run.refusedCount > 0 ? ", \(part.run.refusedCount) refused" : ""
        return "\(part.name): \(part.run.importedCount) \(verb)\(refused), \(ByteCount(part.run.byteCount)) in "
            + "\(Decimal.text(seconds, digits: 1)) s"
    }

    /// One object for one collection; for a dump, an object with a list of them.
    var json: JSON {
        let common: JSONObject = [
            "seconds": JSONNumber(seconds).map { .number($0) } ?? .null,
            "dry_run": .bool(isDryRun),
        ]
        if !isDump, let part = parts.first { return .object(Self.object(for: part).merging(common)) }
        let collections = parts.map { JSON.object(Self.object(for: $0)) }
        let skipped = skipped.map { JSON.object(["name": .string($0.name), "reason": .string($0.reason)]) }
        let object: JSONObject = ["collections": .array(collections), "skipped": .array(skipped)]
        return .object(object.merging(common))
    }

    private static func object(for part: Part) -> JSONObject {
        [
            "collection": .string(part.name),
            "imported": JSON(part.run.importedCount),
            "existing": JSON(part.run.existingCount),
            "refused": JSON(part.run.refusedCount),
            "bytes": .number(JSONNumber(part.run.byteCount)),
            "adapted": part.run.adaptations.json,
        ]
    }
}

extension JSONObject {
    fileprivate func merging(_ other: JSONObject) -> JSONObject {
        var merged = self
        for (name, value) in other { merged[name] = value }
        return merged
    }
}
