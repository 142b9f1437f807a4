package import Disk
internal import Store

extension Repair {
    /// Takes the newest repair of a directory back that was not taken back yet, and returns where its copies are.
    ///
    /// - Precondition: The caller has the directory's lock.
    /// - Throws: ``RepairError/nothingToUndo(_:)``; as ``LostAndFound/undo()`` does.
    package static func undo(_ path: String, on disk: any Disk) throws(RepairError) -> String {
        let directory = DataDirectory(path)
        guard let newest = try RepairError.wrap(newest(in: directory, on: disk)) else { throw .nothingToUndo(path) }
        try newest.undo()
        return newest.path
    }

    private static func newest(in directory: DataDirectory, on disk: any Disk) throws(StorageError) -> LostAndFound? {
        guard try disk.entry(directory.lostAndFound) != nil else { return nil }
        for name in try disk.list(directory.lostAndFound).sorted().reversed() {
            let copies = try LostAndFound("\(directory.lostAndFound)/\(name)", of: directory, on: disk)
            if let copies, copies.state == .done { return copies }
        }
        return nil
    }
}
