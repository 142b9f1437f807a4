internal import ArgumentParser
internal import Catalog
internal import Disk
internal import Federation
internal import Inspection
internal import JSON
internal import Store

/// `ledge import`: brings documents from files into a data directory, without a server.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring documents into a collection, from JSON lines or from mongoexport.",
        discussion: """
            A file has one JSON object on each line, or is one JSON array. What mongoexport writes is understood: \
            $oid, $date and $number… become plain values, and _id is dropped, unless the document has no id of its own. \
            A document must be one of the resource, as the API asks for it; --no-validate stores it as it is.

            No server may run on the directory meanwhile. A thousand documents go into each group commit, and what was \
            imported when the command is stopped stays. Documents whose id is there already are refused, so the same \
            command may be given again. Each refused document is named on standard error, with its line; the others are \
            stored all the same.

            With --keep-times documents keep their committed_at. Events stand in its order, so theirs must be sorted by \
            it, oldest first, and later than what is there.

            Exit status: 0, or 1 where documents were refused and --skip-refused is not given.

            EXAMPLES
              ledge import --data data telemetry telemetry.jsonl
              mongoexport --db fedn --collection statuses --sort '{"committed_at":1}' \\
                | ledge import --data data --keep-times statuses -
              zstdcat 2025-*.jsonl.zst | ledge import --data data --skip-refused --json metrics -
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Argument(help: "The collection, as the API calls it.")
    var collection: String

    @Argument(help: "Files of documents; - is standard input.", completion: .file())
    var files: [String]

    @Flag(name: .customLong("jsonArray"), help: "Insist on one JSON array; it is known by its bracket without this.")
    var isArray = false

    @Flag(name: .customLong("no-validate"), help: "Take any object, with whatever fields.")
    var skipsValidation = false

    @Flag(help: "Keep committed_at instead of stamping now.")
    var keepTimes = false

    @Flag(help: "Read and check everything, store nothing; ids and times that are taken are not noticed.")
    var dryRun = false

    @Flag(help: "Exit with status 0 though documents were refused.")
    var skipRefused = false

    @Flag(help: "Print one JSON object instead of a sentence.")
    var json = false

    /// Their documents stand for files, which no line brings along.
    private static let beyondReach: Set<String> = ["models", "packages"]

    /// The resource whose documents are imported.
    static func resource(named name: String) throws(CommandFailure) -> Resource {
        guard !beyondReach.contains(name) else {
            throw CommandFailure("\(name) come with their files: use ledge upload, or the API")
        }
        let resources = Resource.all.filter { !beyondReach.contains($0.name) }
        guard let resource = resources.first(where: { $0.name == name }) else {
            throw CommandFailure("there is no '\(name)'; there are \(resources.map(\.name).joined(separator: ", "))")
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
            throw ArgumentParser.ValidationError("standard input can be read once")
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
            validates: !skipsValidation,
            keepsTimes: keepTimes
        ) {
            progress.note($0)
        } note: {
            progress.show(Self.text(of: $0, $1))
        }
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
            // What stopped the import is the last word; this may be its consequence.
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
        do {
            return try Store.open(data, schemas: Resource.allSchemas, options: options, on: PosixDisk())
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
            return Console.output(
                "\(collection): \(run.importedCount) \(verb)\(refused), \(ByteCount(run.byteCount)) in "
                    + "\(Decimal.text(seconds, digits: 1)) s"
            )
        }
        let object: JSON = [
            "collection": .string(collection),
            "imported": .number(JSONNumber(Int64(run.importedCount))),
            "refused": .number(JSONNumber(Int64(run.refusedCount))),
            "bytes": .number(JSONNumber(run.byteCount)),
            "seconds": JSONNumber(seconds).map { .number($0) } ?? .null,
            "dry_run": .bool(dryRun),
        ]
        Console.output(String(decoding: object.bytes, as: UTF8.self))
    }
}
