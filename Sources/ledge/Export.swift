internal import ArgumentParser
internal import Catalog
internal import Disk
internal import Index
internal import Inspection
internal import JSON
internal import Store

/// `ledge export`: writes the documents of a collection as JSON lines, with or without a running server.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the documents of a collection as JSON lines.",
        discussion: """
            Writes one document per line, byte for byte as it is stored, in the order of the log: events oldest first, \
            other documents by their last change. Reads the directory with or without a running server, and never writes \
            to it; documents that are added during the export may or may not be included. Models and packages are \
            exported without their files.

            Standard output contains only the lines. With --output the file appears under its name when it is complete \
            and on stable storage; until then it is named FILE.new.

            --where takes a condition as in a query of the API: a field, optionally with __ne, __gt, __gte, __lt or \
            __lte, and a value. If it is repeated, all conditions must be met.

            --history writes the lines of all records, including tombstones and records that were replaced; --since and \
            --until then select by the time at which a record was written.

            Damaged and unreadable parts are reported on standard error, and everything else is exported. If the newest \
            record of a document is damaged, its previous version is exported.

            Exit status: 0, or 1 if something was damaged or could not be read, or the output could not be written; 141 if \
            the reader of a pipe has ended.

            EXAMPLES
              ledge export --data data telemetry > telemetry.jsonl
              ledge export --data data --since 2026-11-01 --until 2026-12-01 telemetry \\
                | zstd > november.jsonl.zst
              ledge export --data data --where key=cpu --where value__gt=0.9 telemetry
              ledge export --data old telemetry \\
                | ledge import --data new --keep-times telemetry -
              ledge export --data data --output clients.jsonl --json clients
              ledge export --data data --history rounds | jq 'select(.op == "delete")'
            """
    )

    @Option(help: ArgumentHelp("Data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Argument(help: "Collection, by its name in the API, for example telemetry.")
    var collection: String

    @Option(
        help: ArgumentHelp("Output file; - is standard output. (default: -)", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @Flag(help: "Replace an existing file of --output.")
    var force = false

    @Flag(help: "Export the lines of all records.")
    var history = false

    @Option(
        help: ArgumentHelp("Export only documents committed at this time or later.", valueName: "time"),
        transform: { try Export.time($0) }
    )
    var since: Timestamp?

    @Option(
        help: ArgumentHelp("Export only documents committed before this time.", valueName: "time"),
        transform: { try Export.time($0) }
    )
    var until: Timestamp?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Export only documents that meet this condition; repeatable.", valueName: "field=value")
    )
    var conditions: [String] = []

    @Flag(help: "Print findings and the summary as JSON objects to standard error.")
    var json = false

    func validate() throws {
        do throws(CommandFailure) {
            _ = try Self.filter(conditions, of: Self.resource(named: collection))
        } catch {
            throw ArgumentParser.ValidationError(error.description)
        }
        guard conditions.isEmpty || !history else {
            throw ArgumentParser.ValidationError("--history exports all records; it cannot be combined with --where")
        }
        if let since, let until, until <= since {
            throw ArgumentParser.ValidationError("--until must be later than --since")
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        if let output, ExportTarget.isPath(output, inside: data) {
            throw CommandFailure("\(output) is in the data directory; an export must be written elsewhere")
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
            throw error
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
            on: PosixDisk.inspecting(data)
        ) { progress in
            line.show(text(of: progress))
        } report: { finding in
            line.note(json ? String(decoding: finding.json.bytes, as: UTF8.self) : finding.description)
        } visit: { bytes in
            do {
                try target.write(bytes)
            } catch {
                // Without output there is no reason to read the rest of the log.
                line.clear()
                target.abandon()
                Ledge.end(with: error)
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
    /// Returns the resource of a collection; internal collections, such as settings and tokens, are not exported.
    static func resource(named name: String) throws(CommandFailure) -> Resource {
        guard let resource = Resource.all.first(where: { $0.name == name }) else {
            let names = Resource.all.map(\.name).joined(separator: ", ")
            throw CommandFailure("unknown collection '\(name)'; the collections are \(names)")
        }
        return resource
    }

    /// Parses conditions such as `key=cpu` and `value__gt=0.5` into a filter that requires all of them.
    static func filter(_ conditions: [String], of resource: Resource) throws(CommandFailure) -> Filter {
        var filter = Filter()
        for text in conditions {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure("'\(text)' is not a condition; write for example key=cpu or value__gt=0.5")
            }
            let requested: RequestedFilter
            do { requested = try resource.requestedFilter(query: [(name: parts[0], value: parts[1])]) } catch {
                throw CommandFailure(error.message)
            }
            // A condition with an unknown operator would be ignored; documents of --no-validate may have any field.
            guard let condition = requested.filter.conditions.first else {
                throw CommandFailure(requested.warnings.texts.joined(separator: "; "))
            }
            filter.conditions.append(condition)
        }
        return filter
    }

    /// Parses a time as filters do.
    static func time(_ text: String) throws -> Timestamp {
        guard let time = Timestamp(parameter: text) else {
            throw ArgumentParser.ValidationError("it is not a time; write \(Timestamp.accepted)")
        }
        return time
    }
}
