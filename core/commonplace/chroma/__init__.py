"""Where records last: the only place that imports chromadb."""
