internal import ArgumentParser
internal import Catalog
internal import Inspection
internal import JSON
internal import Store

/// `ledge import`: imports documents from files into a data directory, without a server.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import documents from JSON lines or the output of mongoexport, or a dump of FEDn.",
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

            The directory of a dump has a file for each collection, named as in the API or in FEDn: statuses.json or \
            control.status.json. They are imported in the right order, with --keep-times; other files are skipped and \
            reported, and documents that exist are counted and kept, so the command can be repeated. docs/MIGRATION.md \
            describes how to move a FEDn network.

            Models and packages are imported with their files: --files names the directory to which FEDn's buckets were \
            copied. A file is in it, or in a directory in it; its name is the id of the model or the storage_file_name of \
            the package. A document whose file is missing is refused.

            In documents that Ledge did not write, connected clients become offline, running sessions terminated, and the \
            name of a combiner becomes its id; a server with --combiner of that name sets the address.

            Exit status: 0, or 1 if no documents were found, or if documents were refused and --skip-refused is not given.

            EXAMPLES
              ledge import --data data telemetry telemetry.jsonl
              ledge import --data data --files buckets dump
              mongoexport --db fedn-network --collection control.status --sort '{"committed_at":1}' \\
                | ledge import --data data --keep-times control.status -
              zstdcat 2025-*.jsonl.zst \\
                | ledge import --data data --skip-refused --json metrics -
            """
    )

    @Option(help: ArgumentHelp("Data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Argument(
        help: "Collection, by its name in the API or in FEDn (statuses, control.status), or the directory of a dump."
    )
    var collection: String

    @Argument(help: "Files with documents; - is standard input. None to import a dump.", completion: .file())
    var files: [String] = []

    @Option(
        name: .customLong("files"),
        help: ArgumentHelp(
            "Directory with the files of models and packages, by the names of FEDn's objects.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var artifacts: String?

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

    func validate() throws {
        do throws(CommandFailure) { _ = try plan() } catch { throw ArgumentParser.ValidationError(error.description) }
        guard files.count(where: { $0 == "-" }) <= 1 else {
            throw ArgumentParser.ValidationError("standard input (-) can be read only once")
        }
    }

    private func plan() throws(CommandFailure) -> ImportPlan {
        files.isEmpty
            ? try ImportPlan(dump: collection, hasArtifacts: artifacts != nil)
            : try ImportPlan(collection, files, hasArtifacts: artifacts != nil)
    }

    func run() async throws {
        let plan = try plan()
        let start = ContinuousClock.now
        let target = dryRun ? nil : try await ImportTarget.open(data, withFiles: artifacts != nil)
        let progress = ProgressLine()
        for skipped in plan.skipped { progress.note("\(skipped.name): skipped: \(skipped.reason)") }
        var summary = ImportSummary(of: plan, isDryRun: dryRun)
        var failure: (any Error)?
        do {
            for part in plan.parts { summary.add(try await take(part, into: target, progress), of: part.resource) }
        } catch {
            failure = error
        }
        progress.clear()
        do {
            try await target?.close()
        } catch {
            // The error that stopped the import is thrown below; this one may be its consequence.
            guard failure != nil else { throw error }
            Console.note("ledge: \(error)")
        }
        if let failure { throw failure }
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        report(summary)
        guard !summary.isEmpty else { throw CommandFailure("no documents found; nothing was imported") }
        if summary.refusedCount > 0, !skipRefused { throw ExitCode.failure }
    }

    /// Imports the files of one collection.
    private func take(
        _ part: ImportPlan.Part,
        into target: ImportTarget?,
        _ progress: ProgressLine
    ) async throws -> ImportRun {
        let isDump = files.isEmpty
        var found: ArtifactFiles?
        if let artifacts, part.resource.hasFiles {
            found = try ArtifactFiles(in: artifacts, of: part.resource, into: target?.network)
        }
        var run = ImportRun(
            of: part.resource,
            into: target?.store.collection(part.resource.name),
            format: from,
            validates: !skipsValidation,
            keepsTimes: keepTimes || isDump,
            isStrict: strict,
            skipsExisting: isDump || found != nil,
            artifacts: found,
            reports: ImportRun.Reports {
                progress.note($0)
            } format: {
                progress.note("\($1.name): read with \($0.text)")
            } progress: {
                progress.show(Self.text(of: $0, $1))
            }
        )
        for file in part.files {
            var source = try ImportSource(file, mustBeArray: isArray)
            defer { source.close() }
            try await run.take(&source)
        }
        return run
    }

    /// Shape: `telemetry.jsonl: 12000 documents, 3 refused, 34 MiB, 45 %`.
    private static func text(of run: ImportRun, _ source: ImportSource) -> String {
        let refused = run.refusedCount > 0 ? ", \(run.refusedCount) refused" : ""
        let part = source.byteCount.map { ", \(source.readByteCount * 100 / max($0, 1)) %" } ?? ""
        return "\(source.name): \(run.importedCount) documents\(refused), \(ByteCount(run.byteCount))\(part)"
    }

    private func report(_ summary: ImportSummary) {
        guard json else { return summary.lines.forEach(Console.inform) }
        Console.inform(String(decoding: summary.json.bytes, as: UTF8.self))
    }
}
