internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON

/// `ledge check`: proves that a data directory is what was written, or says where it is not.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify every checksum of every file of a data directory.",
        discussion: """
            It reads every record, blob and unfinished upload without a server, or beside a running one, and never \
            writes. Each finding is one line: severity, file, byte offset, record, reason. A note is harmless, such as \
            an append that a crash interrupted.

            Exit status: 0 when all is as it was written, 1 when something is damaged, 2 when something cannot be read \
            or nothing can be told about the directory.

            EXAMPLES
              ledge check data
              ledge check data --json | jq 'select(.severity == "damage")'
            """
    )

    @Argument(help: "The data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Print each finding, and the summary, as a JSON object on a line.")
    var json = false

    func run() throws {
        let isWatched = Console.isWatched
        var shown: Int64 = 0
        let tally: Tally
        do throws(InspectionError) {
            tally = try Inspection.Check.run(directory, on: PosixDisk()) { byteCount in
                guard isWatched, byteCount - shown >= 64 << 20 else { return }
                shown = byteCount
                Console.overwrite("\(ByteCount(byteCount)) read")
            } visit: { finding in
                if shown > 0 { Console.overwrite("") }
                Console.output(json ? String(decoding: finding.json.bytes, as: UTF8.self) : finding.description)
            }
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.cannotTell
        }
        if shown > 0 { Console.overwrite("") }
        Console.output(json ? String(decoding: tally.json.bytes, as: UTF8.self) : tally.text)
        switch tally.worst {
        case .damage: throw ExitCode.failure
        case .unreadable: throw ExitCode.cannotTell
        case .note: break
        }
    }
}

extension ExitCode {
    /// Neither clean nor damaged: it could not be read.
    static let cannotTell = ExitCode(2)
}
