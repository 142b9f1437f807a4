internal import ArgumentParser
internal import Catalog
internal import Disk
internal import Inspection
internal import JSON
internal import Store

/// `ledge export`: writes the documents of a collection as JSON lines, without a server or beside one.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the documents of a collection as JSON lines.",
        discussion: """
            One document a line, in the very bytes that are stored and in the order of the log: events from the oldest \
            on, other documents by their last change. The directory is only read, without a server or beside a running \
            one; what a server adds meanwhile is in the export or not. Documents of models and packages come without \
            their files.

            Standard output gets the lines and nothing else. A file of --output appears under its name when it is \
            complete and on stable storage; until then it is FILE.new.

            --where takes what a query of the API takes: a field, perhaps __ne, __gt, __gte, __lt or __lte, and a value. All \
            of them must hold.

            With --history every record comes as its whole line, also those that were replaced, and tombstones; then \
            --since and --until are about when a record was written.

            What is damaged or cannot be read is named on standard error, and everything else is written all the same. A \
            document whose last record is damaged comes as it was before that.

            Exit status: 0, or 1 where something was damaged or could not be read.

            EXAMPLES
              ledge export --data data telemetry > telemetry.jsonl
              ledge export --data data --since 2026-11-01 --until 2026-12-01 telemetry | zstd > november.jsonl.zst
              ledge export --data data --where key=cpu --where value__gt=0.9 telemetry
              ledge export --data old telemetry | ledge import --data new --keep-times telemetry -
              ledge export --data data --output clients.jsonl --json clients
              ledge export --data data --history rounds | jq 'select(.op == "delete")'
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Argument(help: "The collection, as the API calls it.")
    var collection: String

    @Option(
        help: ArgumentHelp("Write this file; without it, or with -, standard output.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @Flag(help: "Replace the file of --output where it is there already.")
    var force = false

    @Flag(help: "Write every record as its whole line.")
    var history = false

    @Option(
        help: ArgumentHelp("Only documents committed at this moment or later.", valueName: "time"),
        transform: { try Export.moment($0) }
    )
    var since: Timestamp?

    @Option(
        help: ArgumentHelp("Only documents committed before this moment.", valueName: "time"),
        transform: { try Export.moment($0) }
    )
    var until: Timestamp?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only documents that pass; may be repeated.", valueName: "field=value")
    )
    var conditions: [String] = []

    @Flag(help: "Say at the end how much it was, and what is damaged, as JSON objects on standard error.")
    var json = false

    func validate() throws {
        do throws(CommandFailure) {
            _ = try Self.filter(conditions, of: Self.resource(named: collection))
        } catch {
            throw ArgumentParser.ValidationError(error.description)
        }
        guard conditions.isEmpty || !history else {
            throw ArgumentParser.ValidationError("--history has all records; --where is about documents")
        }
        if let since, let until, until <= since {
            throw ArgumentParser.ValidationError("--until is not later than --since")
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        if let output, ExportTarget.leads(output, into: data) {
            throw CommandFailure("\(output) is in the data directory, which is only read")
        }
        let target = try ExportTarget(output, replaces: force, on: PosixDisk())
        let line = ProgressLine(isQuiet: target.isTerminal)
        let progress: Inspection.Export.Progress
        do {
            progress = try export(to: target, line)
            try target.finish()
        } catch {
            line.clear()
            target.abandon()
            throw CommandFailure("\(error)")
        }
        line.clear()
        report(progress, in: ContinuousClock.now - start)
        if !progress.isComplete { throw ExitCode.failure }
    }

    private func export(to target: ExportTarget, _ line: ProgressLine) throws -> Inspection.Export.Progress {
        let filter = try Self.filter(conditions, of: Self.resource(named: collection))
        return try Inspection.Export.run(
            collection,
            of: data,
            Inspection.Export.Selection(isHistory: history, since: since, until: until, filter: filter),
            on: PosixDisk()
        ) { progress in
            line.show(text(of: progress))
        } report: { finding in
            line.note(json ? String(decoding: finding.json.bytes, as: UTF8.self) : finding.description)
        } visit: { bytes in
            do throws(CommandFailure) {
                try target.write(bytes)
            } catch {
                // There is no use in reading on, however long the log is.
                line.clear()
                target.abandon()
                Self.exit(withError: error)
            }
        }
    }

    /// Shape: `telemetry: 12000 documents, 34 MiB; 1.2 GiB read`.
    private func text(of progress: Inspection.Export.Progress) -> String {
        let noun = history ? "records" : "documents"
        return "\(collection): \(progress.exportedCount) \(noun), \(ByteCount(progress.byteCount)); "
            + "\(ByteCount(progress.readByteCount)) read"
    }

    private func report(_ progress: Inspection.Export.Progress, in duration: Duration) {
        let seconds = duration / .seconds(1)
        guard json else {
            let damaged = progress.damageCount > 0 ? ", \(progress.damageCount) damaged" : ""
            let unreadable = progress.unreadableCount > 0 ? ", \(progress.unreadableCount) unreadable" : ""
            return Console.note(
                "\(collection): \(progress.exportedCount) exported\(damaged)\(unreadable), "
                    + "\(ByteCount(progress.byteCount)) in \(Decimal.text(seconds, digits: 1)) s"
            )
        }
        let object: JSON = [
            "collection": .string(collection),
            "exported": .number(JSONNumber(Int64(progress.exportedCount))),
            "damaged": .number(JSONNumber(Int64(progress.damageCount))),
            "unreadable": .number(JSONNumber(Int64(progress.unreadableCount))),
            "bytes": .number(JSONNumber(progress.byteCount)),
            "seconds": JSONNumber(seconds).map { .number($0) } ?? .null,
            "history": .bool(history),
        ]
        Console.note(String(decoding: object.bytes, as: UTF8.self))
    }
}

extension Export {
    /// Only what the API serves: neither settings nor what is remembered of tokens.
    static func resource(named name: String) throws(CommandFailure) -> Resource {
        guard let resource = Resource.all.first(where: { $0.name == name }) else {
            let names = Resource.all.map(\.name).joined(separator: ", ")
            throw CommandFailure("there is no '\(name)'; there are \(names)")
        }
        return resource
    }

    /// What conditions as `key=cpu` and `value__gt=0.5` say together.
    static func filter(_ conditions: [String], of resource: Resource) throws(CommandFailure) -> Filter {
        var filter = Filter()
        for text in conditions {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            // A name whose suffix is no operator makes no condition.
            guard parts.count == 2, !parts[0].isEmpty,
                let condition = resource.condition(parts[0], parts[1])
            else {
                throw CommandFailure("'\(text)' is no condition, such as key=cpu or value__gt=0.5")
            }
            filter.conditions.append(condition)
        }
        return filter
    }

    /// A moment as people write it: RFC 3339, a date, or seconds since 1970.
    static func moment(_ text: String) throws -> Timestamp {
        if let moment = Timestamp(parsing: text) { return moment }
        guard let seconds = Double(text), seconds.magnitude < 1e12 else {
            throw ArgumentParser.ValidationError("it is no moment, such as 2026-11-23T19:16:04Z or 2026-11-23")
        }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }
}
