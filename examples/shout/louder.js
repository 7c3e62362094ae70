exports.louder = text => text.toUpperCase() + '!'
