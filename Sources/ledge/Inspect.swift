internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON

/// `ledge inspect`: says what a data directory holds.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a data directory holds: collections, records, blobs, unfinished uploads.",
        discussion: """
            It reads the directory without a server, or beside a running one, and never writes. A record is dead when a \
            later one replaced or deleted its document, or when it says that one was deleted.

            Exit status: 0, or 2 where nothing can be told about the directory.

            EXAMPLES
              ledge inspect data
              ledge inspect data --json | jq '.collections[] | {name, live}'
              head -n 1 data/collections/models/*.jsonl | jq .
            """
    )

    @Argument(help: "The data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Print one JSON object instead of tables.")
    var json = false

    func run() throws {
        let report: Report
        do throws(InspectionError) {
            report = try Report.read(directory, on: PosixDisk())
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.cannotTell
        }
        Console.output(json ? String(decoding: report.json.bytes, as: UTF8.self) : report.text(at: .now()))
    }
}
