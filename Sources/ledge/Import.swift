internal import ArgumentParser
internal import Catalog
internal import Disk
internal import Federation
internal import Inspection
internal import JSON
internal import Store

/// `ledge import`: imports documents from files into a data directory, without a server.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import documents into a collection, from JSON lines or the output of mongoexport.",
        discussion: """
            A file contains one JSON object per line, one JSON array, or objects on several lines each. Documents are validated as by the API; \
            --no-validate accepts any JSON object.

            A document that FEDn wrote is adapted: fields in camel case such as logLevel are renamed, \
            numbers and texts are converted, and unknown fields and values that do not fit, such as NaN, become members \
            of "extra". A sender without an id, and a validation without a model, are left empty. With --keep-times, times \
            of the next 24 hours become the time of the import. The summary says how many documents were adapted and \
            how. --strict refuses these documents as the API does.

            --from names the format of the files. ledge: plain JSON, as ledge export writes it, whose documents are \
            stored as they are. mongoexport: MongoDB's extended JSON is converted to plain JSON: $oid, $date, UUIDs and \
            $number… become plain values, and _id becomes the id of a document that has none, otherwise it is removed. \
            auto: the first document of a file decides, and the choice is reported on standard error; mongoexport if the \
            document has an _id or a date in an object, otherwise ledge.

            The directory must exist; an empty one becomes a data directory. No server may use it during an import. A \
            thousand documents are stored in each group commit. If the command is stopped, the documents imported so far \
            stay, and the same command can be repeated: documents whose id already exists are refused. Each refused \
            document is reported on standard error with its line; the others are stored.

            With --keep-times documents keep their committed_at and updated_at, so an export is restored byte for byte. \
            Events must then be sorted by committed_at, oldest first, and none may be earlier than the stored ones; \
            events of one instant keep their order.

            Exit status: 0, or 1 if documents were refused and --skip-refused is not given.

            EXAMPLES
              ledge import --data data telemetry telemetry.jsonl
              mongoexport --db fedn --collection statuses --sort '{"committed_at":1}' \\
                | ledge import --data data --keep-times statuses -
              zstdcat 2025-*.jsonl.zst \\
                | ledge import --data data --skip-refused --json metrics -
            """
    )

    @Option(help: ArgumentHelp("Data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Argument(help: "Collection, by its name in the API, for example telemetry.")
    var collection: String

    @Argument(help: "Files with documents; - is standard input.", completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("Format of the files.", valueName: "format"))
    var from = ImportFormat.auto

    @Flag(name: .customLong("jsonArray"), help: "Require a JSON array. (default: detected by its bracket)")
    var isArray = false

    @Flag(name: .customLong("no-validate"), help: "Accept any JSON object.")
    var skipsValidation = false

    @Flag(help: "Refuse documents that the API would refuse. (default: adapt them)")
    var strict = false

    @Flag(help: "Keep committed_at and updated_at. (default: the time of the import)")
    var keepTimes = false

    @Flag(help: "Only read and validate the documents; existing ids and the order of times are not checked.")
    var dryRun = false

    @Flag(help: "Exit with status 0 even if documents were refused.")
    var skipRefused = false

    @Flag(help: "Print the summary as one JSON object.")
    var json = false

    /// The collections whose documents refer to files, which an import does not contain.
    private static let collectionsWithFiles: Set<String> = ["models", "packages"]

    /// Returns the resource of a collection.
    static func resource(named name: String) throws(CommandFailure) -> Resource {
        guard !collectionsWithFiles.contains(name) else {
            throw CommandFailure("\(name) have files, which cannot be imported; use ledge upload or the API")
        }
        let resources = Resource.all.filter { !collectionsWithFiles.contains($0.name) }
        guard let resource = resources.first(where: { $0.name == name }) else {
            let names = resources.map(\.name).joined(separator: ", ")
            throw CommandFailure("unknown collection '\(name)'; the collections are \(names)")
        }
        return resource
    }

    func validate() throws {
        do throws(CommandFailure) {
            _ = try Self.resource(named: collection)
        } catch {
            throw ArgumentParser.ValidationError(error.description)
        }
        guard files.count(where: { $0 == "-" }) <= 1 else {
            throw ArgumentParser.ValidationError("standard input (-) can be read only once")
        }
    }

    func run() async throws {
        let resource = try Self.resource(named: collection)
        let start = ContinuousClock.now
        let store = dryRun ? nil : try open()
        let progress = ProgressLine()
        var run = ImportRun(
            of: resource,
            into: store?.collection(collection),
            format: from,
            validates: !skipsValidation,
            keepsTimes: keepTimes,
            isStrict: strict,
            reports: ImportRun.Reports {
                progress.note($0)
            } format: {
                progress.note("\($1.name): read with \($0.text)")
            } progress: {
                progress.show(Self.text(of: $0, $1))
            }
        )
        var failure: (any Error)?
        do {
            for file in files {
                var source = try ImportSource(file, mustBeArray: isArray)
                defer { source.close() }
                try await run.take(&source)
            }
        } catch {
            failure = error
        }
        progress.clear()
        do {
            try await close(store)
        } catch {
            // The error that stopped the import is thrown below; this one may be its consequence.
            guard failure != nil else { throw error }
            Console.note("ledge: \(error)")
        }
        if let failure { throw failure }
        report(run, in: ContinuousClock.now - start)
        if run.refusedCount > 0, !skipRefused { throw ExitCode.failure }
    }

    private func open() throws(CommandFailure) -> Store {
        var options = Store.Options()
        options.maintainsItself = true
        options.settlingTimeMax = .seconds(3600)
        let disk: PosixDisk?
        do { disk = try PosixDisk.opening(data) } catch { throw CommandFailure(error.text) }
        guard let disk else {
            throw CommandFailure(
                "\(data) does not exist; an import makes an empty directory a data directory: mkdir \(data)"
            )
        }
        do {
            return try Store.open(data, schemas: Resource.allSchemas, options: options, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
    }

    private func close(_ store: Store?) async throws(CommandFailure) {
        do { try await store?.close() } catch { throw CommandFailure(error.text) }
    }

    /// Shape: `telemetry.jsonl: 12000 documents, 3 refused, 34 MiB, 45 %`.
    private static func text(of run: ImportRun, _ source: ImportSource) -> String {
        let refused = run.refusedCount > 0 ? ", \(run.refusedCount) refused" : ""
        let part = source.byteCount.map { ", \(source.readByteCount * 100 / max($0, 1)) %" } ?? ""
        return "\(source.name): \(run.importedCount) documents\(refused), \(ByteCount(run.byteCount))\(part)"
    }

    private func report(_ run: ImportRun, in duration: Duration) {
        let seconds = duration / .seconds(1)
        guard json else {
            let verb = dryRun ? "would be imported" : "imported"
            let refused = run.refusedCount > 0 ? ", \(run.refusedCount) refused" : ""
            Console.inform(
                "\(collection): \(run.importedCount) \(verb)\(refused), \(ByteCount(run.byteCount)) in "
                    + "\(Decimal.text(seconds, digits: 1)) s"
            )
            return run.adaptations.lines.forEach(Console.inform)
        }
        let object: JSON = [
            "collection": .string(collection),
            "imported": .number(JSONNumber(Int64(run.importedCount))),
            "refused": .number(JSONNumber(Int64(run.refusedCount))),
            "bytes": .number(JSONNumber(run.byteCount)),
            "seconds": JSONNumber(seconds).map { .number($0) } ?? .null,
            "dry_run": .bool(dryRun),
            "adapted": run.adaptations.json,
        ]
        Console.inform(String(decoding: object.bytes, as: UTF8.self))
    }
}
