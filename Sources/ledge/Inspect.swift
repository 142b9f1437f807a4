internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON

/// `ledge inspect`: shows the contents of a data directory.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the contents of a data directory: collections, records, blobs, unfinished uploads.",
        discussion: """
            Reads the directory with or without a running server, and never writes. A record is dead if a later record \
            replaced or deleted its document, or if it is a tombstone.

            Exit status: 0, or 2 if the directory cannot be read.

            EXAMPLES
              ledge inspect data
              ledge inspect data --json | jq '.collections[] | {name, live}'
              head -n 1 data/collections/models/*.jsonl | jq .
            """
    )

    @Argument(help: "Data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    func run() throws {
        let report: Report
        do throws(InspectionError) {
            report = try Report.read(directory, on: PosixDisk.inspecting(directory))
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.unreadable
        }
        if json { return Console.output(String(decoding: report.json.bytes, as: UTF8.self)) }
        for line in report.text(at: .now()).split(separator: "\n", omittingEmptySubsequences: false) {
            Console.output(String(line))
        }
    }
}
