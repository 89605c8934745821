"""What the probe says of itself to people, by name; loaded for each sentence. In {} what is known only
then."""

SAID = {
    "stranger": "What answers at {} (status {}) does not hold this probe's key, so the readings stay. "
    "Check the hub's address; if the hub lost its keys, hold the probe's button for 5 s.",
    "too_slow": "The hub at {} does not answer in time. Check that it runs and that its firewall allows it.",
    "away": "The hub at {} cannot be reached ({}). Check that it runs and its address.",
    "unwelcome": "The hub refused the token. Set up this probe again from the hub.",
    "no_number": "The hub does not take a reading without a number ({}). Mend the sensor.",
    "not_taken": "The hub answered {} instead of taking the readings. Check the hub's address and its log.",
    "never_taken": "The hub will never take a reading ({}), so it was given up. Update the probe.",
    "never_taken_without_number": "The hub will never take a reading without a number ({}), so it was given "
    "up. Mend the sensor.",
    "wifi_password": "The password is not the right one for it. Type it again.",
    "wifi_not_found": "It is not in reach. Bring the probe closer to the router, or choose another network.",
    "wifi_unknown": "Check that it is in reach and that the password is right.",
    "wifi_silent": "It did not answer in time. Check the password and try again.",
    "wifi_not_saved": "The probe cannot save it. Reset the probe and try again.",
    "wifi_joined": "Wi-Fi network {} joined with address {}.",
    "wifi_away": "Wi-Fi network {} cannot be joined. {}",
    "no_access_point": "The access point for the set-up cannot be opened ({}). The probe goes on trying its "
    "network.",
    "stuck": "The probe's {} makes no progress. The watchdog restarts the probe in a minute.",
    "low_memory": "The probe has only {} bytes of memory left. It restarts to get it back.",
    "low_system_memory": "The probe's network has only {} bytes of memory left. It restarts to get it back.",
    "broken": "The probe's {} had an error and starts again ({}). Report this if it repeats.",
    "not_forgotten": "Key and token cannot be forgotten, as the settings cannot be saved. Restart the probe "
    "and try again.",
    "forgotten": "Key and token are forgotten. The next hub that finds this probe may claim it.",
    "one_sensor_too_many": "Sensor {} is one more than the {} this board can name. Delete {} from "
    "settings.json.",
    "numbers_not_saved": "The sensors' numbers cannot be saved. Free some of the board's storage, else names "
    "may change at the next start.",
    "flash": "The flash cannot be {} (error {}), so readings wait in RAM only. Free some of its storage.",
    "name_taken": "Another device on the network is called {}; this probe is found as {}. Give each its own "
    "id.",
    "settings": "The saved settings cannot be read; the probe waits to be set up again.",
    "update_broken": "a part of the new firmware cannot be loaded, so the one before runs again",
    "update_silent": "It delivered no reading in {} s.",
    "update_no_delivery": "the new firmware delivered nothing, so the one before runs again",
}
