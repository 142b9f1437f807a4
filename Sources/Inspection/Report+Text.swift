package import JSON
internal import Store

extension Report {
    /// Returns the report as tables for a terminal, without a newline at the end; ages of uploads are relative to
    /// `now`.
    ///
    /// Text from the directory is escaped, so that it cannot imitate another line.
    package func text(at now: Timestamp) -> String {
        var sections = [heading, collectionTable.text, "blobs: \(blobs.text)"]
        if !uploads.isEmpty { sections.append("unfinished uploads:\n" + uploadTable(at: now).text) }
        if !warnings.isEmpty { sections.append(warnings.map(\.description.escapedForTerminal).joined(separator: "\n")) }
        return sections.joined(separator: "\n\n")
    }

    private var heading: String {
        let path = path.escapedForTerminal
        guard let identity else { return "\(path): no readable ledge.json" }
        return "\(path): format \(StoreIdentity.format), created \(identity.createdAt), instance \(identity.instanceID)"
    }

    private var collectionTable: TextTable {
        var table = TextTable([
            .left("collection"), .right("records"), .right("live"), .right("dead"), .right("segments"), .right("size"),
            .right("on disk"), .left("newest record"),
        ])
        for collection in collections {
            table.add([
                collection.name, "\(collection.recordCount)", "\(collection.liveCount)",
                "\(collection.recordCount - collection.liveCount)", "\(collection.segmentCount)",
                "\(ByteCount(collection.byteCount))", "\(ByteCount(collection.storedByteCount))",
                collection.last?.description ?? "",
            ])
        }
        return table
    }

    private func uploadTable(at now: Timestamp) -> TextTable {
        var table = TextTable([.left("upload"), .left("file"), .right("received"), .right("of"), .left("last active")])
        for upload in uploads {
            table.add([
                upload.id, upload.fileName, "\(ByteCount(upload.receivedByteCount))",
                upload.byteCount.map { "\(ByteCount($0))" } ?? "",
                "\(now.duration(since: upload.lastActivity).text) ago" + (upload.isComplete ? ", complete" : ""),
            ])
        }
        return table
    }
}

extension Report.Blobs {
    /// Shape: `3 files, 12.5 MiB stored as 10.2 MiB (81.6 %)`.
    fileprivate var text: String {
        let files = count == 1 ? "1 file" : "\(count) files"
        let sizes = "\(files), \(ByteCount(byteCount)) stored as \(ByteCount(storedByteCount))"
        return ratio.map { "\(sizes) (\(Decimal.text($0 * 100, digits: 1)) %)" } ?? sizes
    }
}
