internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON
internal import Repair
internal import Store

/// `ledge repair`: makes a damaged data directory whole, as far as its own bytes allow.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make a damaged data directory whole again, and keep what is taken out.",
        discussion: """
            Without --apply it reads everything, says what it would do, and changes nothing. Single bits that flipped in \
            records are turned back, and nothing is lost by that. Of what is damaged otherwise, all records that can be \
            read are written again, and the rest is given up. Damaged files of models are named and left: put them back \
            from a backup.

            --apply needs the directory for itself. Whatever it replaces or removes is copied to lost+found in the \
            directory first. --undo puts the newest repair's files back, unless a server has written since.

            Exit status: 0 when nothing is wrong, or all of it was repaired; 1 when there is something to repair, or \
            something that only a backup can bring back; 2 when the directory cannot be read or is in use.

            EXAMPLES
              ledge repair data
              ledge repair data --apply
              ledge repair data --undo
              ledge repair data --json | jq -r 'select(.action == "salvage") | .file'
            """
    )

    @Argument(help: "The data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Do it.")
    var apply = false

    @Flag(help: "Take the newest repair back.")
    var undo = false

    @Flag(help: "Print each action as a JSON object on a line.")
    var json = false

    mutating func validate() throws {
        guard !(apply && undo) else { throw ArgumentParser.ValidationError("--apply or --undo, not both") }
        while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
    }

    func run() throws {
        do throws(RepairError) {
            if undo {
                let lock = try lock()
                let path = try Repair.undo(directory, on: PosixDisk())
                withExtendedLifetime(lock) {}
                Console.note("put back what \(path) has kept")
            } else {
                try repair()
            }
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.cannotTell
        }
    }

    /// Plans, and with `--apply` does it under the directory's lock.
    private func repair() throws(RepairError) {
        let lock = apply ? try lock() : nil
        defer { withExtendedLifetime(lock) {} }
        let repair = try plan()
        for action in repair.actions {
            Console.output(json ? String(decoding: action.json.bytes, as: UTF8.self) : action.description)
        }
        let leftCount = repair.actions.count(where: \.isBeyondRepair)
        guard repair.isNeeded else {
            if leftCount == 0 { return Console.note("nothing to repair") }
            return finish(leftCount)
        }
        guard apply else {
            Console.note("nothing was changed; with --apply it is done, and what is taken out is kept in lost+found")
            Self.exit(withError: ExitCode.failure)
        }
        let path = try repair.apply(at: Timestamp.now())
        Console.note("repaired; what was there before is in \(path), and ledge repair --undo puts it back")
        finish(leftCount)
    }

    private func finish(_ leftCount: Int) {
        guard leftCount > 0 else { return }
        Console.note("\(leftCount) \(leftCount == 1 ? "place" : "places") only a backup can bring back")
        Self.exit(withError: ExitCode.failure)
    }

    private func plan() throws(RepairError) -> Repair {
        let isWatched = Console.isWatched
        var shown: Int64 = 0
        let repair = try Repair(directory, on: PosixDisk()) { byteCount in
            guard isWatched, byteCount - shown >= 64 << 20 else { return }
            shown = byteCount
            Console.overwrite("\(ByteCount(byteCount)) of files read")
        }
        if shown > 0 { Console.overwrite("") }
        return repair
    }

    private func lock() throws(RepairError) -> DirectoryLock {
        let disk = PosixDisk()
        let data = DataDirectory(directory)
        let isThere: Bool
        do throws(DiskError) { isThere = try disk.entry(data.collections) != nil } catch { throw .disk(error) }
        guard isThere else { throw .notADataDirectory(directory) }
        do throws(StoreError) { return try DirectoryLock(data, on: disk) } catch { throw .store(error) }
    }
}
