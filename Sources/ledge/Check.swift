internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON

/// `ledge check`: verifies all checksums in a data directory.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify all checksums in a data directory.",
        discussion: """
            Reads every record, index, blob and unfinished upload, with or without a running server, and never writes. \
            Prints one line for each finding: severity, file, byte offset, record, reason. A note is harmless, for \
            example an append that a crash interrupted.

            Exit status: 0 if everything is as it was written, 1 if something is damaged, 2 if something cannot be read \
            or the path is not a data directory.

            EXAMPLES
              ledge check data
              ledge check data --json | jq 'select(.severity == "damage")'
            """
    )

    @Argument(help: "Data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Print each finding and the summary as one line of JSON.")
    var json = false

    func run() throws {
        let isTerminal = Console.isTerminal
        var shown: Int64 = 0
        let tally: Tally
        do throws(InspectionError) {
            tally = try Inspection.Check.run(directory, on: PosixDisk.inspecting(directory)) { byteCount in
                guard isTerminal, byteCount - shown >= 64 << 20 else { return }
                shown = byteCount
                Console.overwrite("\(ByteCount(byteCount)) read")
            } visit: { finding in
                if shown > 0 { Console.overwrite("") }
                Console.output(json ? String(decoding: finding.json.bytes, as: UTF8.self) : finding.description)
            }
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.unreadable
        }
        if shown > 0 { Console.overwrite("") }
        Console.output(json ? String(decoding: tally.json.bytes, as: UTF8.self) : tally.text)
        switch tally.worst {
        case .damage: throw ExitCode.failure
        case .unreadable: throw ExitCode.unreadable
        case .note: break
        }
    }
}

extension ExitCode {
    /// The data directory, or a part of it, could not be read.
    static let unreadable = ExitCode(2)
}
