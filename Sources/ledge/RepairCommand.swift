internal import ArgumentParser
internal import Disk
internal import Inspection
internal import JSON
internal import Repair
internal import Store

/// `ledge repair`: repairs a damaged data directory from its readable data.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Repair a damaged data directory; keeps copies of the files that it changes.",
        discussion: """
            Without --apply, lists the necessary repairs and changes nothing. With --apply, restores single flipped bits of \
            records, which loses nothing, and rewrites other damaged segments with all records that can be read; the \
            other records are lost. Damaged files of models and packages are listed but not changed: restore them from a \
            backup.

            --apply requires that no server uses the directory. Before it replaces or removes a file, it copies that file \
            to repair-backups in the directory. --undo restores the files of the newest repair, unless a server has written \
            to them since.

            Exit status: 0 if nothing is damaged or everything was repaired; 1 if repairs are necessary, or something can \
            only be restored from a backup; 2 if the directory cannot be read or is in use.

            EXAMPLES
              ledge repair data
              ledge repair data --apply
              ledge repair data --undo
              ledge repair data --json | jq -r 'select(.action == "salvage") | .file'
            """
    )

    @Argument(help: "Data directory.", completion: .directory)
    var directory: String

    @Flag(help: "Make the listed repairs.")
    var apply = false

    @Flag(help: "Undo the newest repair.")
    var undo = false

    @Flag(help: "Print each action as one line of JSON.")
    var json = false

    mutating func validate() throws {
        guard !(apply && undo) else {
            throw ArgumentParser.ValidationError("--apply and --undo cannot be combined")
        }
        while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
    }

    func run() throws {
        do throws(RepairError) {
            guard let disk = try RepairError.wrap(PosixDisk.opening(directory)) else {
                throw .notADataDirectory(directory)
            }
            if undo {
                let lock = try lock(on: disk)
                let path = try Repair.undo(directory, on: disk)
                withExtendedLifetime(lock) {}
                Console.note("restored the files in \(path)")
            } else {
                try repair(on: disk)
            }
        } catch {
            Console.note("ledge: \(error)")
            throw ExitCode.unreadable
        }
    }

    /// Plans the repairs and, with `--apply`, makes them under the directory's lock.
    private func repair(on disk: PosixDisk) throws(RepairError) {
        let lock = apply ? try lock(on: disk) : nil
        defer { withExtendedLifetime(lock) {} }
        let repair = try plan(on: disk)
        for action in repair.actions {
            let line = json ? String(decoding: action.json.bytes, as: UTF8.self) : action.description
            // A repair does not depend on whether its list is read.
            if apply { Console.inform(line) } else { Console.output(line) }
        }
        let leftCount = repair.actions.count(where: \.isBeyondRepair)
        guard repair.isNeeded else {
            if leftCount == 0 { return Console.note("nothing to repair") }
            return finish(leftCount)
        }
        guard apply else {
            Console.note("nothing was changed; --apply makes these repairs, and copies the old files to repair-backups")
            Self.exit(withError: ExitCode.failure)
        }
        let path = try RepairError.wrap(repair.apply(at: Timestamp.now()))
        Console.note("repaired; the old files are in \(path), and ledge repair --undo restores them")
        finish(leftCount)
    }

    private func finish(_ leftCount: Int) {
        guard leftCount > 0 else { return }
        Console.note("\(leftCount) damaged \(leftCount == 1 ? "file" : "files") can only be restored from a backup")
        Self.exit(withError: ExitCode.failure)
    }

    private func plan(on disk: PosixDisk) throws(RepairError) -> Repair {
        let isTerminal = Console.isTerminal
        var shown: Int64 = 0
        let repair = try Repair(directory, on: disk) { byteCount in
            guard isTerminal, byteCount - shown >= 64 << 20 else { return }
            shown = byteCount
            Console.overwrite("\(ByteCount(byteCount)) read")
        }
        if shown > 0 { Console.overwrite("") }
        return repair
    }

    private func lock(on disk: PosixDisk) throws(RepairError) -> DirectoryLock {
        let data = DataDirectory(directory)
        guard try RepairError.wrap(disk.entry(data.collections)) != nil else { throw .notADataDirectory(directory) }
        do { return try DirectoryLock(data, on: disk) } catch { throw .store(error) }
    }
}
